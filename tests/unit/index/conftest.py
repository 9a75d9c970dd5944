"""A web without sockets, and a progress that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.places import Places
from fake_web import Count, FakeWeb, store_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.store import StoreFile


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb()


@pytest.fixture
def count() -> Count:
    return Count()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "airlock")


@pytest.fixture
def file_of() -> Callable[[str, bytes], StoreFile]:
    """Return what makes the StoreFile of a content."""
    return store_file
