from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import LockError
from airlock.locks import airflow, debian
from airlock.locks import format as lock_format
from airlock.locks.airflow import AirflowLock, LockedPackage
from airlock.platforms import AMD64, ARM64
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.locks.debian import DebianLock

A, B = (
    StoreFile("a-1-py3-none-any.whl", 10, "a" * 64),
    StoreFile("b-1+x-cp313-cp313-linux_x86_64.whl", 20, "b" * 64),
)
LOCK = AirflowLock(
    "3.13.5",
    "2.41",
    ("linux/amd64", "linux/arm64"),
    "as of 2026-11-23T12:00:00Z",
    (("constraints/airflow.in", 'a[x]>=1; python_version < "4"'),),
    (
        LockedPackage("a", "1", (("any", A),), ("airflow.in", "b")),
        LockedPackage("b", "1+x", (("linux/amd64", B),)),
    ),
)


def test_an_airflow_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "airflow.lock"
    path.write_text(airflow.render(LOCK))
    assert airflow.read(path) == LOCK


def test_a_platform_gets_its_own_wheels_and_those_for_any() -> None:
    assert [wheel.file for wheel in LOCK.wheels(AMD64)] == [A, B]
    assert [wheel.file for wheel in LOCK.wheels(ARM64)] == [A]


def test_a_debian_lock_reads_back_as_it_was_written(tmp_path: Path, debs: Callable[..., DebianLock]) -> None:
    lock = debs(indexes=("debian trixie 2026-11-21T09:15:44Z",), libraries=(("libGL.so.1", "libgl1"),))
    path = tmp_path / "debian.lock"
    path.write_text(debian.render(lock))
    assert debian.read(path) == lock
    with pytest.raises(LockError, match="does not hold nginx"):
        lock.version("nginx")


def test_the_header_keeps_its_order_and_may_repeat_a_key(tmp_path: Path) -> None:
    document = lock_format.Document((("b", "1"), ("a", "x: y"), ("b", "2")), "body\n\nmore\n")
    path = tmp_path / "some.lock"
    path.write_text(lock_format.render(document))
    assert lock_format.read(path) == document
    assert document.all("b") == ("1", "2")
    with pytest.raises(ValueError, match="2 header lines `b`"):
        document.one("b")


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (airflow.render(LOCK).replace("a==1", "a==2"), "was edited by hand"),
        (airflow.render(LOCK) + "\n", "was edited by hand"),
        ("<<<<<<< HEAD\n" + airflow.render(LOCK), "is not a lock that this version reads"),
        (lock_format.render(lock_format.Document((), "")), "is malformed"),
    ],
)
def test_what_airlock_did_not_write_is_no_lock(tmp_path: Path, text: str, fact: str) -> None:
    path = tmp_path / "airflow.lock"
    path.write_text(text)
    with pytest.raises(LockError, match=fact) as caught:
        airflow.read(path)
    assert "airlock lock" in caught.value.remedy


@pytest.mark.parametrize(
    ("ends", "cause"),
    [(b"\r\n", "its lines end in CRLF: git config core.autocrlf changed it"), (b"\r", "does not match")],
)
def test_other_ends_of_lines_are_noticed(tmp_path: Path, ends: bytes, cause: str) -> None:
    path = tmp_path / "airflow.lock"
    first, _, rest = airflow.render(LOCK).encode().partition(b"\n")
    path.write_bytes(first + b"\n" + rest.replace(b"\n", ends))
    with pytest.raises(LockError, match="was edited by hand") as caught:
        airflow.read(path)
    assert cause in caught.value.cause
