"""What is known of a file while it is imported."""

from __future__ import annotations

import os
import runpy
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airlock_probe.observing import Observer

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(("starts", "known"), [("bundle", 1), ("image", 0)])
def test_a_thread_that_a_package_starts_where_it_is_imported_is_not_the_files(
    starts: str, known: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("bundle", "image"):
        (tmp_path / folder).mkdir()
    start = "import threading, time\nthreading.Thread(target=time.sleep, args=(0.5,)).start()\n"
    (tmp_path / starts / "starts_a_thread.py").write_text(start, encoding="utf-8")
    (tmp_path / "bundle" / "dag.py").write_text("import starts_a_thread\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / starts))
    observer = Observer(str(tmp_path / "bundle"))
    started = threading.Thread.start

    def start_seen(self: Any) -> None:  # its frame is what monitoring would give
        observer.thread(sys._getframe())
        started(self)

    monkeypatch.setattr(threading.Thread, "start", start_seen)
    runpy.run_path(str(tmp_path / "bundle" / "dag.py"))
    monkeypatch.delitem(sys.modules, "starts_a_thread")
    assert len(observer.threads()) == known
