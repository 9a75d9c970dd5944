"""What one health check leaves for the next."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from airlock_runtime import check, memory, worker
from airlock_runtime.processes import Process
from airlock_runtime.verdict import Sign

if TYPE_CHECKING:
    from pathlib import Path


def test_facts_are_kept_whole_and_for_their_owner_alone(tmp_path: Path) -> None:
    assert memory.save("a", {"x": "1", "y": "a=b"}, (str(tmp_path),))

    assert memory.load("a", (str(tmp_path),)) == {"x": "1", "y": "a=b"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_the_next_folder_is_taken_where_one_cannot_be_written(tmp_path: Path) -> None:
    folders = (str(tmp_path / "missing"), str(tmp_path))

    assert memory.save("a", {"x": "1"}, folders)
    assert memory.load("a", folders) == {"x": "1"}
    assert not memory.save("a", {"x": "1"}, folders[:1])


def test_the_newest_of_two_is_read(tmp_path: Path) -> None:
    for number, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        memory.save("a", {"x": folder}, (str(tmp_path / folder),))
        os.utime(tmp_path / folder / "a", (1000 - number, 1000 - number))

    assert memory.load("a", (str(tmp_path / "two"), str(tmp_path / "one"))) == {"x": "one"}


def test_a_link_and_a_pipe_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x=1\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")

    assert memory.load("link", (str(tmp_path),)) == {}
    assert memory.load("pipe", (str(tmp_path),)) == {}


@pytest.mark.parametrize("text", [b"", b"nonsense", b"\xff\xfe", b"x\n=\n"])
def test_what_is_damaged_is_nothing(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a").write_bytes(text)

    assert memory.number(memory.load("a", (str(tmp_path),)), "x") is None


def test_the_share_is_measured_over_samples_that_are_apart() -> None:
    facts: dict[str, str] = {}

    assert check._share(facts, 10.0, 100.0) is None  # the first check has nothing to compare with
    assert check._share(facts, 10.5, 101.0) is None  # a moment later tells nothing yet
    assert check._share(facts, 12.0, 110.0) == pytest.approx(0.2)
    assert check._share(facts, 12.0, 110.5) == pytest.approx(
        2 / 10.5
    )  # at once again: the older sample is kept
    assert check._share(facts, 12.0, 140.0) == pytest.approx(0.0)


def test_another_process_of_the_same_number_begins_anew() -> None:
    first = check._of_this_process(Process(7, 1, "S", 5.0, ()), {})
    known = first | {"beat": "1", "host": "a"}

    assert check._of_this_process(Process(7, 1, "S", 5.0, ()), known) == known
    assert "beat" not in check._of_this_process(Process(7, 1, "S", 9.0, ()), known)


def test_an_outage_begins_when_it_is_first_seen_and_gives_time_from_its_end() -> None:
    facts = {"beat": "50.0"}
    outage = Sign("outage", "database", reason="does not answer")

    first = check._remembered(outage, facts)
    again = check._remembered(outage, facts)
    assert first.at == again.at
    seen = memory.number(facts, "outage_seen")

    after = check._remembered(Sign("beat", "heartbeat", 60.0), facts)
    assert (after.at, after.excused) == (60.0, seen)  # the component could not beat until then
    assert "outage" not in facts
    assert facts["beat"] == "60.000"


def test_an_outage_before_the_first_beat_is_no_beat_yet() -> None:
    found = check._remembered(Sign("outage", "database", reason="does not answer"), {})

    assert (found.kind, found.reason) == ("none", "the database does not answer")


@pytest.mark.parametrize(
    ("state", "sign"),
    [
        (worker.CONNECTING, Sign("none", worker.HEARTBEAT, reason="it has not reached its broker")),
        (worker.READY, Sign("beat", worker.HEARTBEAT, 20.0)),
        (worker.LOST, Sign("outage", "connection to its broker", 10.0, "is lost")),
        (worker.DRAINING, Sign("draining", worker.HEARTBEAT, 10.0)),
    ],
)
def test_what_a_worker_notes_is_read(monkeypatch: pytest.MonkeyPatch, state: str, sign: Sign) -> None:
    kept: dict[str, dict[str, str]] = {}
    monkeypatch.setattr(memory, "save", lambda name, facts: kept.update({name: facts}) is None)
    monkeypatch.setattr(memory, "load", lambda name: kept.get(name, {}))
    worker.note(7, 5.0, state, 10.0, 20.0)

    assert worker.sign(7, 5.0, None) == sign
    assert worker.sign(7, 6.0, None).kind == "none"  # of an earlier process with this number
    assert worker.sign(8, 5.0, {"CELERY_LOADER": "airlock_celery:Loader"}).kind == "none"
    assert worker.sign(8, 5.0, {}).kind == "unproven"


def test_the_loader_is_set_for_the_worker_and_not_for_its_tasks() -> None:
    environ = {"PYTHONPATH": "/mine"}
    worker.let_note(environ)
    assert environ["CELERY_LOADER"] == "airlock_celery:Loader"
    folder = environ["PYTHONPATH"].removeprefix("/mine:")
    assert os.path.exists(f"{folder}/airlock_celery/__init__.py")  # noqa: PTH110

    worker.forget_loader(environ)
    assert environ == {"PYTHONPATH": "/mine"}


def test_a_loader_that_was_chosen_stays() -> None:
    environ = {"CELERY_LOADER": "mine:Loader"}
    worker.let_note(environ)

    assert environ == {"CELERY_LOADER": "mine:Loader"}


def test_a_worker_without_a_path_of_its_own_leaves_none() -> None:
    environ: dict[str, str] = {}
    worker.let_note(environ)
    worker.forget_loader(environ)

    assert environ == {}


@pytest.mark.parametrize(
    ("sign", "old"),
    [
        (Sign("beat", "heartbeat", 1e12), False),
        (Sign("beat", "heartbeat", 50.0), True),
        (Sign("beat", "heartbeat", 50.0, excused=1e12), False),
        (Sign("late", "answer", 1e12), True),
        (Sign("outage", "database", 50.0), False),
    ],
)
def test_a_check_looks_twice_only_where_it_matters(sign: Sign, old: bool) -> None:  # noqa: FBT001
    assert check._is_old(sign, 30) is old
