"""Stores for tests of what carries them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.store import Store
from fake_web import store_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def filled(folder: Path, contents: Mapping[str, bytes]) -> Store:
    """Return a store that holds files of these names and contents."""
    store = Store(folder)
    for name, content in contents.items():
        store.add(store_file(name, content), [content], "a test")
    return store
