"""Whoever was killed, nothing of it stays: real processes, in the place of sandboxes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.errors import UpError
from airlock.up import ending, keeper
from airlock.up.folder import Kept, Process, Service, UpFolder, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.process import Running

LASTS = ("/bin/sleep", "300")
WITH_A_CHILD = ("/bin/sh", "-c", "sleep 300 & wait")
FAILS = ("/bin/sh", "-c", "echo no >&2; exit 7")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[UpFolder]:
    made = UpFolder(tmp_path / "up")
    yield made
    ending.end(made)


def keep(folder: UpFolder, **commands: tuple[str, ...]) -> Running:
    """Start a keeper, as `airlock up` does."""
    with held(folder) as lock:
        assert lock is not None
        services = tuple(Service(name, command) for name, command in commands.items())
        folder.keep(Kept(None, "http://127.0.0.1:1", services))
        os.set_inheritable(lock, True)  # noqa: FBT003 - the function's own shape
        return process.start_apart(
            [sys.executable, "-P", "-m", "airlock.up.keeper", folder.path], log=folder.log("keeper")
        )


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end, "it did not happen in 10 s"
        time.sleep(0.02)


def test_where_nothing_is_up_nothing_is_done(folder: UpFolder) -> None:
    assert not ending.end(folder)


def test_a_keeper_ends_with_all_that_it_keeps(folder: UpFolder) -> None:
    kept = keep(folder, one=LASTS, two=WITH_A_CHILD)
    wait_for(lambda: len(folder.running) == 2)
    running = folder.running

    assert ending.end(folder)

    assert kept.wait(timeout=5) == 0
    assert not any(one.lives for one in running.values())
    assert not folder.path.exists()
    assert not ending.end(folder)


def test_sandboxes_that_outlived_a_killed_keeper_are_ended(folder: UpFolder) -> None:
    kept = keep(folder, one=LASTS)
    wait_for(lambda: folder.running)
    (orphan,) = folder.running.values()
    kept.kill()
    kept.wait()
    assert orphan.lives

    assert ending.end(folder)

    wait_for(lambda: not orphan.lives)
    assert not folder.path.exists()


def test_another_process_that_got_the_pid_is_left_alone(folder: UpFolder) -> None:
    other = process.start_kept(LASTS, log=folder.path.with_name("log"))
    known = Process.of(other.pid)
    assert known is not None
    with held(folder):
        folder.note_running({"one": replace(known, start=known.start - 1)})

    assert ending.end(folder)

    assert known.lives
    other.kill()
    other.wait()


def test_another_process_that_got_the_keepers_pid_is_left_alone(
    folder: UpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where one `airlock down` waits for another, whose containers were begun by a process that ended long ago."""
    monkeypatch.setattr(ending, "SECONDS", 0.2)
    other = process.start_kept(LASTS, log=folder.path.with_name("log"))
    known = Process.of(other.pid)
    assert known is not None
    with held(folder):
        folder.keep(Kept(replace(known, start=known.start - 1), "http://127.0.0.1:1"))
        with pytest.raises(UpError, match="does not end"):
            ending.end(folder)

    assert known.lives
    other.kill()
    other.wait()


def test_who_ends_what_it_began_itself_does_not_end_itself(
    folder: UpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "SECONDS", 0.2)
    with held(folder):
        folder.keep(Kept(Process.this(), "http://127.0.0.1:1"))
        with pytest.raises(UpError, match="does not end"):
            ending.end(folder)


def test_a_program_that_holds_the_lock_of_a_killed_up_is_ended(folder: UpFolder) -> None:
    with held(folder) as lock:
        assert lock is not None
        compose = process.start_shown(LASTS, inherited=(lock,))
        known = Process.of(compose.pid)
        assert known is not None
        folder.note_running({"compose": known})
        folder.keep(Kept(replace(known, start=known.start - 1), "http://127.0.0.1:1", (), ""))

    assert ending.end(folder)

    assert compose.wait(timeout=5) == -signal.SIGKILL
    assert not folder.path.exists()


def test_when_one_ends_all_end_and_it_is_told_which(folder: UpFolder) -> None:
    kept = keep(folder, lasts=LASTS, fails=FAILS)

    assert kept.wait(timeout=10) == 1
    assert folder.ended == ("fails", 7)
    assert folder.running == {}
    assert folder.log("fails").read_text() == "no\n"


def test_a_keeper_whose_folder_is_removed_ends(folder: UpFolder) -> None:
    kept = keep(folder, one=LASTS)
    wait_for(lambda: folder.running)
    (one,) = folder.running.values()

    folder.remove()

    assert kept.wait(timeout=10) == 0
    assert not one.lives


def test_a_keeper_that_does_not_listen_is_killed(folder: UpFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "SECONDS", 1.0)
    kept = keep(folder, one=LASTS)
    wait_for(lambda: folder.running)
    kept.send_signal(signal.SIGSTOP)

    assert ending.end(folder)

    assert kept.wait(timeout=5) == -signal.SIGKILL


def test_who_holds_the_lock_and_is_not_known_is_not_killed(
    folder: UpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "SECONDS", 0.2)
    with held(folder), pytest.raises(UpError, match="does not end") as caught:
        ending.end(folder)

    assert f"fuser {folder.lock}" in caught.value.remedy


def test_killing_a_program_kills_what_it_started_first(tmp_path: Path) -> None:
    started = process.start_kept(WITH_A_CHILD, log=tmp_path / "log")
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    wait_for(children.read_text)
    child = Process.of(int(children.read_text()))
    assert child is not None

    keeper.kill(started.pid)

    assert not child.lives
    started.wait(timeout=5)


def test_what_a_killed_sandbox_left_behind_is_known_by_where_it_writes(tmp_path: Path) -> None:
    folder = tmp_path / "up"
    folder.mkdir()
    with (folder / "airflow.log").open("wb") as log, (tmp_path / "other.log").open("wb") as other:
        left = subprocess.Popen(["sleep", "60"], stdout=log)
        stranger = subprocess.Popen(["sleep", "60"], stdout=other)
    try:
        keeper.kill_writers(folder)

        assert left.wait(10) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
