from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airlock_spec.check import sources

if TYPE_CHECKING:
    from pathlib import Path


def test_python_files_are_read_by_their_path_in_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "a.py").write_bytes(b"# caf\xe9\n")
    (tmp_path / "b.py").write_text("b")
    (tmp_path / "c.sql").write_text("c")
    (tmp_path / "gone.py").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe.py")

    assert sources.of(tmp_path) == {"b.py": "b", "team/a.py": "# caf�\n"}


def test_links_are_followed_once_and_what_no_deployment_carries_is_left_out(tmp_path: Path) -> None:
    for folder in ("real", ".git", "__pycache__", "venv"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text("a")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / "real" / "loop").symlink_to("..")
    (tmp_path / "link").symlink_to("real")

    # one of the two names is read, and it is the same one every time
    assert sources.of(tmp_path) == {"link/a.py": "a"}
