from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.projects import existing
from airlock.projects.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.projects.findings import Findings


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., Findings]:
    """Return what writes files into a folder, and reads that as `airlock init` would."""

    def read(files: dict[str, str | bytes], *asked: str, reserved: frozenset[str] = frozenset()) -> Findings:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return existing.read(Folder.at(tmp_path), asked, reserved)

    return read
