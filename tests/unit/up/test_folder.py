"""What is up has one folder, and one process that holds its lock."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.up.folder import Kept, Process, Service, UpFolder, held

if TYPE_CHECKING:
    from pathlib import Path

KEPT = Kept(Process(7, 1, "a-boot"), "http://127.0.0.1:8080", (Service("aws", ("bwrap", "--", "x y"), (5,)),))


@pytest.fixture
def folder(tmp_path: Path) -> UpFolder:
    return UpFolder(tmp_path / "build" / "up")


@pytest.mark.parametrize(
    "kept", [KEPT, replace(KEPT, services=(), compose_project="airlock-x", docker_host="unix:///x")]
)
def test_what_is_kept_is_read_back(folder: UpFolder, kept: Kept) -> None:
    folder.keep(kept)

    assert folder.kept == kept


def test_the_lock_is_held_by_one(folder: UpFolder) -> None:
    with held(folder) as first, held(folder) as second:
        assert first is not None
        assert second is None
    with held(folder) as third:
        assert third is not None


def test_a_process_that_inherits_the_lock_holds_it_on(folder: UpFolder) -> None:
    with held(folder) as lock:
        assert lock is not None
        os.set_inheritable(lock, True)  # noqa: FBT003 - the function's own shape
        keeper = process.start_apart([sys.executable, "-c", "input()"], log=folder.log("keeper"))
    keeper.wait()  # it has no terminal to read from
    with held(folder) as free:
        assert free is not None


def test_only_its_owner_reads_it(folder: UpFolder) -> None:
    with held(folder):
        folder.keep(KEPT)
        folder.write_secret(folder.passwords, "{}")

    assert folder.path.stat().st_mode & 0o777 == 0o700
    for path in (folder.passwords, folder.path / "keeper.json"):
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_what_a_killed_one_left_is_cleared_but_the_lock(folder: UpFolder) -> None:
    with held(folder):
        folder.keep(KEPT)
        folder.clear()

        assert [path.name for path in folder.path.iterdir()] == ["lock"]


def test_who_gets_the_lock_while_the_folder_is_removed_keeps_what_it_writes(folder: UpFolder) -> None:
    with held(folder):
        folder.note_end("airflow", 1)
        remove, names = type(folder.path).unlink, []

        def unlink(path: Path, *, missing_ok: bool = False) -> None:
            names.append(path.name)
            remove(path, missing_ok=missing_ok)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(type(folder.path), "unlink", unlink)
            folder.remove()

    assert names == ["ended.json", "lock"]  # what is there without our lock is another's
    assert not folder.path.exists()
    folder.remove()


def test_a_folder_that_vanishes_while_it_is_locked_is_made_again_for_its_owner_alone(
    folder: UpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open
    vanished: list[Path] = []

    def vanishing(path: Path, *arguments: int) -> int:
        if not vanished:
            vanished.append(path)
            folder.path.rmdir()
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", vanishing)
    with held(folder) as lock:
        assert lock is not None
        assert folder.path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_half_a_file_is_as_good_as_none(folder: UpFolder, content: bytes) -> None:
    folder.path.mkdir(parents=True)
    for name in ("keeper.json", "running.json", "ended.json"):
        (folder.path / name).write_bytes(content)

    assert (folder.kept, folder.running, folder.ended) == (None, {}, None)


def test_a_process_is_told_from_another_that_got_its_pid() -> None:
    me = Process.of(os.getpid())

    assert me is not None
    assert me.lives
    assert not replace(me, start=me.start - 1).lives
    assert not replace(me, boot="before this machine was started again").lives


def test_a_process_that_has_ended_but_was_not_waited_for_does_not_live(tmp_path: Path) -> None:
    ended = process.start_kept(["/bin/true"], log=tmp_path / "log")
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)

    assert Process.of(ended.pid) is None
    ended.wait()


def test_running_names_those_that_live_alone(folder: UpFolder) -> None:
    me = Process.of(os.getpid())
    assert me is not None
    folder.path.mkdir(parents=True)
    folder.note_running({"me": me, "gone": replace(me, start=me.start - 1)})

    assert folder.running == {"me": me}
