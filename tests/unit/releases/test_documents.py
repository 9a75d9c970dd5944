"""What is kept beside manifests, as it is read back: what was written, or refused, and no other exception."""

from __future__ import annotations

import json
import os
import zlib
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock_spec.releases import pointer
from airlock_spec.releases.failures import RefusedError
from airlock_spec.releases.index import Index, Place, most
from airlock_spec.releases.pointer import Collecting, Event, Pointer, Published
from airlock_spec.releases.receipt import Claim, Receipt
from airlock_spec.releases.signature import Signature
from release_strategies import DIGESTS, nearly, twice

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ONE, TWO = "1" * 64, "2" * 64
BLOBS = {ONE: 1, TWO: 70_000}
INDEX = Index(
    {"pack-aaaa": 200, "pack-bbbb": 99}, {ONE: Place("pack-bbbb", 90, 9), TWO: Place("pack-aaaa", 0, 200)}
)
POINTER = Pointer(
    ONE,
    7,
    (Published(TWO, NOW, "somebody", 3, 4), Published(ONE, NOW, "", 3, 4, "a" * 40, dirty=True)),
    (Event(7, "rollback", ONE, NOW, "somebody"),),
    Collecting((TWO,), NOW),
)
RECEIPT = Receipt(
    ONE, "reader", "worker", NOW, NOW, {"a.py": ("a", "b")}, {"b.py": "why"}, ("c.py",), {"airflow": "x"}
)
CLAIM = Claim("reader", NOW, (ONE, TWO))
SIGNATURE = Signature(ONE, b"\x30\x01")


def read_index(data: bytes) -> Index:
    return Index.from_data(data, BLOBS)


READERS: dict[str, tuple[Any, Callable[[bytes], Any]]] = {
    "index": (INDEX, read_index),
    "pointer": (POINTER, Pointer.from_data),
    "receipt": (RECEIPT, Receipt.from_data),
    "claim": (CLAIM, Claim.from_data),
    "signature": (SIGNATURE, Signature.from_data),
}
KINDS = pytest.mark.parametrize(("good", "read"), READERS.values(), ids=READERS)


def changed(good: Any, **fields: Any) -> bytes:
    return json.dumps(json.loads(good.to_data()) | fields).encode()


@KINDS
def test_what_was_written_is_read(good: Any, read: Callable[[bytes], Any]) -> None:
    assert read(good.to_data()) == good


@KINDS
@given(data=st.data())
def test_what_is_nearly_right_is_refused_or_can_be_written_and_read_again(
    good: Any, read: Callable[[bytes], Any], data: st.DataObject
) -> None:
    mutated = data.draw(nearly(good.to_data()))
    try:
        made = read(mutated)
    except RefusedError as error:
        told = str(error)
    else:
        told = ""
        assert read(made.to_data()).to_data() == made.to_data()
    assert len(told) < 1000
    assert told.isprintable()


@KINDS
@given(data=st.binary())
def test_bytes_at_random_are_refused(good: Any, read: Callable[[bytes], Any], data: bytes) -> None:
    with pytest.raises(RefusedError):
        read(data)


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "a name twice": twice,
    "another version": lambda data: data.replace(b"/1", b"/2"),
    "more": lambda data: data.replace(b"{", b'{"more":1,', 1),
    "no UTF-8": lambda data: data.replace(b'"', b'"\xff', 1),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "less": lambda data: data[:-2],
    "two documents": lambda data: data + b"{}",
    "lists without end": lambda _: b"[" * 1_000_000,
    "objects without end": lambda _: b'{"a":' * 100_000,
    "a number without end": lambda _: b"1" * 100_000,
    "NaN": lambda _: b"NaN",
    "null": lambda _: b"null",
    "a name without end": lambda data: data.replace(b"{", b'{"' + rb"\u001b" * 100_000 + b'":1,', 1),
}


@KINDS
@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_other_formats_are_refused_in_few_words(
    good: Any, read: Callable[[bytes], Any], spoil: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(RefusedError, match="cannot be read") as caught:
        read(spoil(good.to_data()))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"places": [[0, 190, 20], [1, 0, 9]]}, "outside of its pack"),
        ({"places": [[0, 0, 0], [1, 0, 9]]}, "outside of its pack"),
        ({"places": [[2, 0, 9], [1, 0, 9]]}, "cannot be read"),
        ({"places": [[-1, 0, 9], [1, 0, 9]]}, "a place must be"),
        ({"places": [[0, -9, 9], [1, 0, 9]]}, "a place must be"),
        ({"places": [[0, 0, 9.0], [1, 0, 9]]}, "a place must be"),
        ({"places": [[0, 0, True], [1, 0, 9]]}, "a place must be"),
        ({"places": [[0, 0, 100], [1, 0, 9]]}, "more than its content can take"),
        ({"places": [[0, 0, 9]]}, "1 places for 2 contents"),
        ({"places": {"a": 1, "b": 2}}, "must be lists"),
        ({"places": [[0, 0, 9]] * 200_001}, "longer than any release"),
        ({"packs": [["pack-aaaa", 200]] * 2}, "given twice"),
        ({"packs": [["../../x", 200]]}, "a pack must be"),
        ({"packs": [["pack-aaaa\n", 200]]}, "a pack must be"),
        ({"packs": [["pack-aaaa", -1]]}, "a pack must be"),
        ({"packs": [[f"pack-{number:04}", 9] for number in range(1001)]}, "longer than any release"),
    ],
)
def test_hostile_indexes_are_refused_and_it_is_said_why(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        read_index(changed(INDEX, **fields))


def test_a_place_may_be_as_long_as_zlib_needs_it_at_its_worst() -> None:
    noise = os.urandom(300_000)
    for size in (0, 1, 100, 300_000):
        for level in (0, 1, 3, 6, 9):
            made = zlib.compressobj(level, memLevel=1)
            assert len(made.compress(noise[:size]) + made.flush()) <= most(size)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"release": "3" * 64}, "none of those"),
        ({"release": "../x"}, "no release"),
        ({"release": ONE.upper().replace("1", "A")}, "no release"),
        ({"releases": []}, "none of those"),
        ({"releases": {}}, "must be a list"),
        ({"events": "events"}, "must be a list"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": 10**300}, "sequence"),
        ({"sequence": 7.0}, "sequence"),
        ({"collecting": {"releases": {ONE: 1}, "until": "2026-01-01T00:00:00Z"}}, "must be a list"),
        ({"collecting": {"releases": [ONE], "until": "2026-01-01T00:00:00"}}, "until"),
        ({"collecting": {"releases": [ONE], "until": "0001-01-01T00:00:00+23:59"}}, "until"),
        ({"collecting": {"releases": [ONE], "until": "9999-12-31T23:59:59-23:59"}}, "until"),
    ],
)
def test_hostile_pointers_are_refused_and_it_is_said_why(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        Pointer.from_data(changed(POINTER, **fields))


def test_a_release_is_listed_once() -> None:
    one = json.loads(POINTER.to_data())["releases"]
    with pytest.raises(RefusedError, match="given twice"):
        Pointer.from_data(changed(POINTER, releases=[*one, one[0]]))


def test_a_pointer_without_end_is_refused() -> None:
    with pytest.raises(RefusedError, match="more than"):
        Pointer.from_data(b" " * (pointer.MAX_DOCUMENT + 1))


@pytest.mark.parametrize(
    "fields",
    [
        {"pending": "abc"},
        {"pending": [1]},
        {"dags": {"a.py": "abc"}},
        {"dags": {"a.py": [float("nan")]}},
        {"dags": []},
        {"errors": {"a.py": 1}},
        {"errors": ["a.py"]},
        {"locks": None},
        {"taken": "yesterday"},
        {"arrived": 0},
        {"reader": None},
    ],
    ids=str,
)
def test_hostile_receipts_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="a receipt cannot be read"):
        Receipt.from_data(changed(RECEIPT, **fields))


@pytest.mark.parametrize(
    "fields", [{"releases": {ONE: 1}}, {"releases": "1"}, {"releases": [1]}, {"at": ""}], ids=str
)
def test_hostile_claims_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="a claim cannot be read"):
        Claim.from_data(changed(CLAIM, **fields))


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - hypothesis adds it


@given(MOMENTS, st.text(), DIGESTS)
def test_a_pointer_tells_times_of_anywhere_to_the_millisecond_and_names_of_anybody(
    at: datetime, by: str, release: str
) -> None:
    made = pointer.first(Published(release, at, by, 1, 1))
    again = Pointer.from_data(made.to_data())
    assert (again.release, again.releases[0].by) == (release, by)
    assert timedelta(0) <= at - again.releases[0].at < timedelta(milliseconds=1)
    assert Pointer.from_data(again.to_data()) == again


@given(st.lists(DIGESTS, min_size=1, max_size=6), st.integers(1, 300))
def test_whatever_is_done_the_next_pointer_can_be_read(ids: list[str], times: int) -> None:
    made = pointer.first(Published(ids[0], NOW, "x", 1, 1))
    for number in range(times):
        release = ids[number % len(ids)]
        if number % 3 and made.find(release):
            made = made.rolled_back(release, NOW, "x")
        else:
            made = made.published(Published(release, NOW, "x", 1, 1))
        assert made.release == release
    assert made.sequence == times + 1
    assert len(made.events) == min(times + 1, pointer.EVENTS)
    assert Pointer.from_data(made.to_data()) == made
