"""Unit tests run without a network: opening a socket fails the test."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Block sockets in every unit test."""
