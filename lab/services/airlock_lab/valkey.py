"""Valkey, Celery's broker: in memory alone, as any user."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# It keeps nothing, and everybody on the network may ask it: the network is the lab's own.
SETTINGS = ("--bind", "*", "--protected-mode", "no", "--save", "", "--appendonly", "no", "--dir", "/tmp")  # noqa: S108


def run(arguments: Sequence[str], _: Mapping[str, str]) -> int:
    """Become the server."""
    os.execvp("valkey-server", ["valkey-server", *SETTINGS, *arguments])  # noqa: S606
