"""What is known of a file while it is imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airlock_probe.observing import Observer

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_files_that_are_opened_are_known_however_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("text", "bytes", "path", "relative", "relative-bytes")
    for name in names:
        (tmp_path / name).write_text(name, encoding="utf-8")
    observer = Observer(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for opened in (f"{tmp_path}/text", os.fsencode(tmp_path / "bytes"), tmp_path / "path", "relative"):
        observer._audit("open", (opened, "r", 0))
    observer._audit("open", (b"relative-bytes", "r", 0))
    observer._audit("open", (3, "r", 0))
    observer._audit("open", ("/etc/hostname", "r", 0))
    assert observer.files().keys() == set(names)


def test_a_working_directory_that_is_gone_keeps_no_file_from_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    observer = Observer("/opt/airflow/dags")
    observer._audit("open", ("relative", "r", 0))
    assert observer.files() == {}
