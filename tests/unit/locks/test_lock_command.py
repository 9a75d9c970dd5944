from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.commands import lock
from airlock.difference.foreseen import Foreseen
from airlock.difference.locks import LockDifference
from airlock.locks.airflow import AirflowLock
from airlock.locks.files import Locks
from airlock.locks.moves import Move, Moves, compare
from airlock.locks.toolchain import ToolchainLock
from airlock.store import StoreFile
from airlock.terminal import Terminal
from typed import typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.config import Config
    from airlock.locks.debian import DebianLock

CHANGES = Moves(
    (
        Move("airflow", "a", "", "1"),
        Move("airflow", "b", "1.0", "2.0"),
        Move("airflow", "c", "1", ""),
        Move("debian", "d", "1.1-2", "1.1-1"),
    ),
    7,
)
FILE = StoreFile("b-2.0-py3-none-any.whl", 2_000_000, "0" * 64)
TOTALS = "packages: 2 moved (1 major, 1 revision), 1 added, 1 removed; to fetch: 1 file, 2.0 MB"
FOUND = LockDifference(CHANGES, (), (FILE,), (Foreseen("linux/amd64", 2, 50, 3_000_000, 4_200_000),))


def run(monkeypatch: pytest.MonkeyPatch, project: Config, *arguments: str) -> int:
    return typed(monkeypatch, "--project", project.project, "lock", *arguments)


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
        (["--check", "--json"], "--check changes nothing and prints nothing"),
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


def test_the_document_tells_what_moved_how_far_and_what_it_costs() -> None:
    assert lock.as_document(FOUND, ["yanked b==2.0: no"]) == {
        "moved": [
            {"lock": "airflow", "name": "b", "from": "1.0", "to": "2.0", "step": "major", "downgrade": False},
            {
                "lock": "debian",
                "name": "d",
                "from": "1.1-2",
                "to": "1.1-1",
                "step": "revision",
                "downgrade": True,
            },
        ],
        "added": [{"lock": "airflow", "name": "a", "from": "", "to": "1"}],
        "removed": [{"lock": "airflow", "name": "c", "from": "1", "to": ""}],
        "unchanged": 7,
        "fetch_bytes": 2_000_000,
        "layers": [
            {
                "platform": "linux/amd64",
                "changed": 2,
                "of_layers": 50,
                "file_bytes": 3_000_000,
                "pull_bytes": 4_200_000,
            }
        ],
        "allowed": ["yanked b==2.0: no"],
    }


def test_a_first_lock_is_told_by_its_number_of_packages_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found = LockDifference(compare("airflow", {}, {"a": "1", "b": "2"}), (), ())
    lock.show(found, Locks(None, None, None), Terminal())
    assert capsys.readouterr().err == "constraints/airflow.lock: 2 packages\n"


def test_what_moved_is_told_with_how_far_and_what_it_means(
    capsys: pytest.CaptureFixture[str], debs: Callable[..., DebianLock]
) -> None:
    wheels = AirflowLock("3.13.5", "2.41", (), "as of x", (), ())
    lock.show(FOUND, Locks(debs(), wheels, ToolchainLock("3.11", "", (), "")), Terminal())
    assert capsys.readouterr().err.splitlines() == [
        "lock     package  from   to     step",
        "airflow  a        -      1      added",
        "airflow  b        1.0    2.0    major",
        "airflow  c        1      -      removed",
        "debian   d        1.1-2  1.1-1  revision, down",
        f"{TOTALS}; layers of packages: 2 of 50 change, about 4.2 MB to pull",
        "the other 7 packages are as they were",
    ]
