from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from airlock import cli
from airlock.commands import lock
from airlock.locks.locking import Locks
from airlock.locks.moves import Move, Moves, compare
from airlock.terminal import Terminal

if TYPE_CHECKING:
    from airlock.config import Config

CHANGES = Moves(
    (Move("airflow", "a", "", "1"), Move("airflow", "b", "1", "2"), Move("airflow", "c", "1", "")), 7
)


def run(monkeypatch: pytest.MonkeyPatch, project: Config, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["airlock", "--project", str(project.project), "lock", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_check_fails_with_its_own_code_where_locks_are_missing(
    monkeypatch: pytest.MonkeyPatch, project: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, project, "--check") == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "constraints/airflow.lock: is missing" in captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["boto3"], "airlock lock --upgrade boto3"),
        (["--check", "--upgrade"], "--check changes nothing"),
        (["--verify", "--check"], "--verify changes nothing"),
        (["--verify", "--platform", "linux/arm64"], "this machine's platform"),
        (["--upgrade", "boto4"], "boto4 is in no lock; perhaps you meant boto3"),
        (["--upgrade", "nothing-like-it"], "nothing-like-it is in no lock\n"),
    ],
)
def test_misuse_is_told_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
    project: Config,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    assert run(monkeypatch, project, *arguments) == 2
    assert said in capsys.readouterr().err


def test_the_document_tells_what_moved_from_where_to_where() -> None:
    assert lock.as_document(CHANGES) == {
        "moved": [{"lock": "airflow", "name": "b", "from": "1", "to": "2"}],
        "added": [{"lock": "airflow", "name": "a", "from": "", "to": "1"}],
        "removed": [{"lock": "airflow", "name": "c", "from": "1", "to": ""}],
        "unchanged": 7,
    }


def test_a_first_lock_is_told_by_its_number_of_packages_alone(capsys: pytest.CaptureFixture[str]) -> None:
    lock.show(compare("airflow", {}, {"a": "1", "b": "2"}), Locks(None, None, None), Terminal())
    assert capsys.readouterr().err == "constraints/airflow.lock: 2 packages\n"
