from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from airlock import written
from airlock.compose import entry

if TYPE_CHECKING:
    from pathlib import Path


def test_folders_that_nothing_names_have_the_mode_of_all_others_whatever_the_users_umask(
    tmp_path: Path,
) -> None:
    root = tmp_path / "new" / "root"
    old = os.umask(0o077)
    try:
        written.write(root, [entry.file("a/b/c", b"x"), entry.directory("d/e"), entry.directory("a", 0o700)])
    finally:
        os.umask(old)
    modes = {name: stat.S_IMODE((root / name).stat().st_mode) for name in ("a", "a/b", "a/b/c", "d", "d/e")}
    assert modes == {"a": 0o700, "a/b": 0o755, "a/b/c": 0o644, "d": 0o755, "d/e": 0o755}
