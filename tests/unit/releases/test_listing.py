"""What people and programs are told of releases."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aged_releases import pointer_of, receipt
from airlock.releases import comparing, listing
from airlock.releases.comparing import Compared
from airlock.releases.in_s3 import InS3
from airlock.releases.places import Papers
from airlock_spec.releases import layout
from airlock_spec.releases.manifest import Checked
from airlock_spec.releases.receipt import Receipt
from memory_location import MemoryLocation
from published_releases import manifest_of, point, publish, roll_back, store

CHECKED = Checked(*(f"sha256:{letter * 64}" for letter in "abc"))


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


def test_a_table_tells_the_newest_first_what_serves_and_how_often_it_was_gone_back_to(
    location: MemoryLocation,
) -> None:
    first, second = (publish(location, {"dag.py": text}).id for text in (b"1", b"22"))
    for release in (first, second, first):
        roll_back(location, release)
    said = pointer_of(location)
    known = replace(said.releases[0], commit="f" * 40, dirty=True)
    lines = listing.table(replace(said, releases=(known, said.releases[1])))
    assert [line.split()[0] for line in lines[1:]] == [second[:12], "*"]
    assert "ffffffffffff + changes  1 time" in lines[1]
    assert "2 times" in lines[2]
    told = listing.document(said)["releases"]
    assert [(one["serves"], one["rolled_back_to"], one["size"]) for one in told] == [
        (False, 1, 2),
        (True, 2, 1),
    ]


def test_one_object_is_read_for_the_table(location: MemoryLocation) -> None:
    publish(location, {"dag.py": b"1"})
    location.asked.clear()
    listing.table(InS3(location).pointer())
    assert location.asked == [("read", layout.POINTER)]


def test_a_release_is_found_by_how_it_begins_or_as_the_current_one(location: MemoryLocation) -> None:
    made = publish(location, {"dag.py": b"1"}).id
    said = pointer_of(location)
    for text in (made, made[:5], made[:5].upper(), "current"):
        assert listing.find(said, text, "there").release == made


def test_all_about_a_release(location: MemoryLocation) -> None:
    manifest = publish(location, {"dag.py": b"1", "run.sh": b"22"}, CHECKED)
    taken = datetime(2026, 1, 1, tzinfo=UTC)
    later = taken + timedelta(seconds=2)
    papers = Papers(
        {"pack-number-1": 2_500_000},
        (
            Receipt(
                manifest.id,
                "p1",
                "dag-processor",
                taken,
                taken + timedelta(seconds=2.5),
                dags={"run.sh": ("one", "two")},
                errors={"dag.py": "no"},
            ),
            Receipt(manifest.id, "p2", "dag-processor", taken + timedelta(seconds=1), pending=("dag.py",)),
            Receipt(manifest.id, "w1", "worker", later, later),
        ),
        ("0123456789abcdef",),
    )
    said = pointer_of(location)
    text = "\n".join(listing.one_table(said.releases[0], manifest, papers, said))
    assert f"{manifest.id}   (serves)" in text
    assert CHECKED.image in text
    assert "0123456789abcdef" in text
    assert "1, 2.5 MB" in text
    assert "2 DAGs serialized, arrived 2.5 s later, 1 file cannot be parsed" in text
    assert "1 file pending" in text
    assert re.search(r"w1 +worker +2026-01-01 00:00:02$", text, re.MULTILINE)
    document = listing.one_document(said.releases[0], manifest, papers, pointer_of(location))
    assert document["checked_with"]["airflow_lock"] == CHECKED.airflow_lock
    assert [one["arrived"] for one in document["receipts"]] == [
        "2026-01-01T00:00:02.500Z",
        None,
        "2026-01-01T00:00:02.000Z",
    ]
    assert [one["path"] for one in document["manifest"]] == ["dag.py", "run.sh"]


def test_a_release_that_was_not_checked_is_told_so(location: MemoryLocation) -> None:
    manifest = publish(location, {"dag.py": b"1"})
    said = pointer_of(location)
    assert "it was not checked" in "\n".join(listing.one_table(said.releases[0], manifest, Papers({}), said))
    assert listing.one_document(said.releases[0], manifest, Papers({}), said)["checked_with"] is None


def compared(location: MemoryLocation, before: dict[str, bytes], after: dict[str, bytes]) -> Compared:
    return Compared.of(publish(location, before), publish(location, after))


def content(location: MemoryLocation, before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return list(comparing.content_lines(InS3(location), compared(location, before, after)))


def test_what_differs_is_told_with_sizes(location: MemoryLocation) -> None:
    found = compared(
        location, {"a.py": b"1", "b.py": b"1", "c.py": b"1"}, {"b.py": b"22", "c.py": b"1", "d.py": b"333"}
    )
    assert [line.split() for line in found.table()[1:]] == [
        ["removed", "a.py", "1"],
        ["changed", "b.py", "2", "1"],
        ["added", "d.py", "3"],
    ]
    document = found.document()
    assert [(one["did"], one["path"]) for one in document["files"]] == [
        ("removed", "a.py"),
        ("changed", "b.py"),
        ("added", "d.py"),
    ]
    assert document["files"][0]["after"] is None
    assert Compared.of(found.after, found.after).table() == ["the same files"]


def test_text_is_shown_line_by_line_and_only_what_differs_is_fetched(location: MemoryLocation) -> None:
    big = os.urandom(200_000)  # farther away than what is fetched for nothing
    lines = content(
        location,
        {"big.bin": big, "dag.py": b"one\ntwo\n", "old.py": b"gone\n"},
        {"big.bin": big, "dag.py": b"one\n2\n", "new.py": b"come"},
    )
    assert lines == [
        "--- a/dag.py", "+++ b/dag.py", "@@ -1,2 +1,2 @@", " one", "-two", "+2",
        "--- /dev/null", "+++ b/new.py", "@@ -0,0 +1 @@", "+come\n\\ No newline at end of file",
        "--- a/old.py", "+++ /dev/null", "@@ -1 +0,0 @@", "-gone",
    ]  # fmt: skip


def test_what_is_no_text_or_too_big_or_only_executable_is_told_in_a_line(location: MemoryLocation) -> None:
    before, after = {"x.bin": b"\xff", "y.bin": b"\0"}, {"x.bin": b"\xfe", "y.bin": b"\0\0"}
    assert content(location, before, after) == [
        "a/x.bin and b/x.bin differ: no text",
        "a/y.bin and b/y.bin differ: no text",
    ]
    assert content(location, {"z.py": b"1"}, {"z.py": b"\n" * (1 << 20) + b"1"}) == [
        "z.py: changed, too big to be shown"
    ]
    files = {"run.sh": b"1"}
    plain, executable = manifest_of(files), manifest_of(files, executable=("run.sh",))
    for manifest in (plain, executable):
        store(location, manifest, files)
        point(location, manifest)
    place = InS3(location)
    assert list(comparing.content_lines(place, Compared.of(plain, executable))) == ["run.sh: now executable"]
    assert "(mode)" in Compared.of(plain, executable).table()[1]


def test_what_is_shown_of_a_file_commands_no_terminal(location: MemoryLocation) -> None:
    lines = content(location, {"dag.py": b"1\n"}, {"dag.py": b"\x1b]0;title\x07\tx\n"})
    assert not any("\x1b" in line or "\x07" in line for line in lines)
    assert any("\tx" in line for line in lines)


def test_who_has_it_is_told_in_the_order_in_which_they_took_it(location: MemoryLocation) -> None:
    manifest = publish(location, {"dag.py": b"1"})
    receipt(location, manifest.id)
    said = pointer_of(location)
    lines = listing.one_table(said.releases[0], manifest, InS3(location).papers(manifest), said)
    assert any(line.startswith("dag-processor-1") for line in lines)
