"""What is waited for, and what is said of what does not come."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from airlock.errors import ArrivalError, PublishError
from airlock.releases import arrival, publishing, same_image
from airlock.releases.arrival import Receipts
from airlock.releases.publishing import There
from airlock_spec.releases import layout, pointer
from airlock_spec.releases.failures import UnreachableError
from airlock_spec.releases.manifest import Checked, File, Manifest
from airlock_spec.releases.pointer import Published
from airlock_spec.releases.receipt import Receipt
from memory_location import MemoryLocation

RELEASE = "a" * 64
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time pass by sleeping alone."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def write(location: MemoryLocation, reader: str, component: str = arrival.PROCESSOR, **fields: Any) -> None:
    receipt = Receipt(RELEASE, reader, component, NOW, **fields)
    location.put(f"{layout.receipts(RELEASE)}{reader}.json", receipt.to_data())


def wait(location: MemoryLocation, timeout: float = 10) -> arrival.Arrived:
    said: list[str] = []
    return arrival.await_arrival(Receipts(location, RELEASE), timeout, 0, said.append)


def test_a_release_has_arrived_once_a_dag_processor_has_serialized_what_it_changed(
    clock: list[float],
) -> None:
    location = MemoryLocation()

    def later_on(doing: str, _key: str) -> None:
        if doing == "list" and clock[0] == 2:
            location.before = lambda *_: None
            write(location, "one", arrived=NOW, dags={"a.py": ("a", "b")})

    location.before = later_on
    write(location, "one", pending=("a.py",))
    arrived = wait(location)
    assert arrived.seconds == 2
    assert arrived.dags == ["a", "b"]


def test_every_bundle_that_follows_the_location_must_be_done(clock: list[float]) -> None:
    location = MemoryLocation()
    write(location, "dag-processor.host.one", arrived=NOW)
    write(location, "dag-processor.host.two", pending=("b.py",))
    with pytest.raises(ArrivalError) as told:
        wait(location)
    assert "1 file still to be parsed: b.py" in told.value.cause
    assert clock[0] > 10


def test_a_dag_processor_that_died_half_way_is_not_waited_for_where_another_is_done(
    clock: list[float],
) -> None:
    location = MemoryLocation()
    write(location, "dag-processor.dead.dags", pending=("b.py",))
    write(location, "dag-processor.alive.dags", arrived=NOW, dags={"b.py": ("b",)})
    assert wait(location).dags == ["b"]


def test_a_worker_that_has_it_is_no_proof(clock: list[float]) -> None:
    location = MemoryLocation()
    write(location, "w", "worker", arrived=NOW)
    with pytest.raises(ArrivalError, match="no dag-processor has taken"):
        wait(location)


def test_files_that_cannot_be_parsed_there_are_an_error_that_names_them(clock: list[float]) -> None:
    location = MemoryLocation()
    write(location, "one", arrived=NOW, errors={"a.py": "ImportError: no"})
    with pytest.raises(ArrivalError) as told:
        wait(location)
    assert "a.py: ImportError: no" in told.value.cause
    assert clock[0] == 0


def test_final_receipts_are_not_read_again(clock: list[float]) -> None:
    location = MemoryLocation()
    write(location, "one", arrived=NOW)
    receipts = Receipts(location, RELEASE)
    receipts.now()
    location.asked.clear()
    assert [one.reader for one in receipts.now()] == ["one"]
    assert [doing for doing, _ in location.asked] == ["list"]


def test_what_is_no_receipt_keeps_nobody_from_waiting(clock: list[float]) -> None:
    location = MemoryLocation()
    write(location, "one", arrived=NOW)
    location.put(f"{layout.receipts(RELEASE)}odd.json", b"{}")
    assert [one.reader for one in wait(location).receipts] == ["one"]


def test_while_it_waits_s3_may_fail_for_a_while(clock: list[float]) -> None:
    location = MemoryLocation()
    write(location, "one", pending=("a.py",))

    def fail(doing: str, _key: str) -> None:
        if 1 <= clock[0] < 3:
            raise UnreachableError(f"503 for {doing}")
        if clock[0] >= 4:
            location.before = lambda *_: None
            write(location, "one", arrived=NOW)

    location.before = fail
    assert wait(location).seconds == 4


def test_where_s3_never_answered_it_does_not_wait(clock: list[float]) -> None:
    location = MemoryLocation()

    def fail(*_: str) -> None:
        raise UnreachableError("403")

    location.before = fail
    with pytest.raises(UnreachableError):
        wait(location)
    assert clock[0] == 0


def checked(digit: str) -> Manifest:
    """Return a release that was checked in an image whose locks have a digest of this digit."""
    digest = f"sha256:{digit * 64}"
    return Manifest((File("a.py", "0" * 64, 1),), Checked(digest, digest, digest))


def there(manifest: Manifest) -> There:
    new = Published(RELEASE, NOW, "somebody", 1, 1)
    return There(pointer.first(new), "etag", manifest, None)


@pytest.mark.parametrize(
    ("running", "refused"),
    [([], False), (["1"], True), (["2"], False), (["1", "2"], False), (["1", "1"], True)],
)
def test_a_release_for_another_image_is_refused_where_nobody_runs_that(
    running: list[str], *, refused: bool
) -> None:
    location = MemoryLocation()
    for number, digit in enumerate(running):
        digest = f"sha256:{digit * 64}"
        write(location, str(number), locks={"airflow": digest, "debian": digest})
    if refused:
        with pytest.raises(PublishError, match="another image than the services run"):
            same_image.require(location, there(checked("1")), checked("2"))
    else:
        same_image.require(location, there(checked("1")), checked("2"))


def test_nobody_is_asked_where_the_locks_are_those_of_before() -> None:
    location = MemoryLocation()
    same_image.require(location, there(checked("1")), checked("1"))
    same_image.require(location, publishing.There(None, "", None, None), checked("1"))
    assert location.asked == []
