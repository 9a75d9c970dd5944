"""What is published of an image is read whole and as it was written, or refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from airlock.compose import published
from airlock.compose.elf import ElfFacts
from airlock.compose.entry import Entry, Kind
from airlock.compose.fragment import Facts, PathFact
from airlock.compose.published import Published, PublishedLayer
from airlock.errors import CorruptError, UntrustedError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY, OTHER = "a" * 64, "b" * 64
FACTS = Facts(
    "one",
    (PathFact("usr/bin/one", Kind.FILE, "", "0" * 32), PathFact("bin", Kind.SYMLINK, "usr/bin", "1" * 32)),
    (Entry("tmp", Kind.DIRECTORY, 0o1777, 0, 0),),
    (ElfFacts("usr/bin/one", "EM_X86_64", "", ("libc.so.6",), ("$ORIGIN",)),),
    512,
)
DOCUMENT = Published(
    "REF",
    "this",
    {KEY: PublishedLayer(OTHER, KEY, 5, "application/x")},
    {KEY: json.loads(FACTS.to_json())},
    {OTHER: {"summary": "one"}},
    {KEY: b"Name: one\nAuthor: \xff\n"},
)


def changed(change: Callable[[Any], object]) -> bytes:
    """Return the bytes of the document after a change of its JSON."""
    document = json.loads(zstandard.ZstdDecompressor().decompress(DOCUMENT.content))
    change(document)
    return zstandard.ZstdCompressor().compress(json.dumps(document).encode())


def test_a_document_is_read_as_it_was_written() -> None:
    read = Published.read(DOCUMENT.content, "REF")
    assert read == DOCUMENT
    assert read.content == DOCUMENT.content
    assert read.facts(KEY) == FACTS
    assert read.facts(OTHER) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        zstandard.ZstdCompressor().compress(b"[]"),
        zstandard.ZstdCompressor().compress(b"[" * 200_000),
        zstandard.ZstdCompressor().compress(b"\xff"),
        zstandard.ZstdCompressor(write_content_size=False).compress(DOCUMENT.content),
        DOCUMENT.content[:-9],
        changed(lambda document: document.pop("layers")),
        changed(lambda document: document.update(layers=[])),
        changed(lambda document: document["layers"].update({"../x": document["layers"][KEY]})),
        changed(lambda document: document["layers"][KEY].update(digest="../../x")),
        changed(lambda document: document["layers"][KEY].update(size="5")),
        changed(lambda document: document["layers"][KEY].update(size=-1)),
        changed(lambda document: document["layers"][KEY].update(size=True)),
        changed(lambda document: document["layers"][KEY].update(media_type=None)),
        changed(lambda document: document.update(fragments=5)),
        changed(lambda document: document.update(toolchain=5)),
        changed(lambda document: document["distributions"].update({KEY: 5})),
        changed(lambda document: document["distributions"].update({KEY: "\ud800"})),
    ],
    ids=range(19),
)
def test_a_document_that_makes_no_sense_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptError, match="the facts of REF are malformed"):
        Published.read(content, "REF")


def test_a_document_that_would_fill_the_memory_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "_MOST_READ", 1_000_000)
    bomb = zstandard.ZstdCompressor().compress(b" " * 2_000_000)
    assert len(bomb) < 1000
    with pytest.raises(CorruptError, match="malformed") as caught:
        Published.read(bomb, "REF")
    assert "too big" in caught.value.cause


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.pop("note"),
        lambda facts: facts.update(more=1),
        lambda facts: facts.update(package=5),
        lambda facts: facts.update(size=1.5),
        lambda facts: facts.update(paths=[["usr/bin/one", "file", ""]]),
        lambda facts: facts.update(paths=[["/etc/passwd", "file", "", ""]]),
        lambda facts: facts.update(paths=[["usr/../../etc", "file", "", ""]]),
        lambda facts: facts.update(paths=[["usr/\0", "file", "", ""]]),
        lambda facts: facts.update(paths=[["", "file", "", ""]]),
        lambda facts: facts.update(paths=[["usr", "directory", "", ""]]),
        lambda facts: facts.update(paths=[["usr", ["file"], "", ""]]),
        lambda facts: facts.update(paths=[["usr", "file", None, ""]]),
        lambda facts: facts.update(directories=[["tmp", 0o17777, 0, 0]]),
        lambda facts: facts.update(directories=[["tmp", 0o755, -1, 0]]),
        lambda facts: facts.update(directories=[["tmp", 0o755, 0, 2**31]]),
        lambda facts: facts.update(directories=[["tmp/", 0o755, 0, 0]]),
        lambda facts: facts.update(elves=[["usr/bin/one", "EM_X86_64", "", "libc.so.6", []]]),
        lambda facts: facts.update(elves=[["usr/bin/one", "EM_X86_64", "", [5], []]]),
        lambda facts: facts.update(elves=5),
    ],
)
def test_facts_that_make_no_sense_are_refused_when_they_are_asked_for(
    change: Callable[[Any], object],
) -> None:
    read = Published.read(changed(lambda document: change(document["fragments"][KEY])), "REF")
    with pytest.raises(CorruptError, match="the facts of REF are malformed") as caught:
        read.facts(KEY)
    assert caught.value.remedy.endswith("airlock image")


def test_who_made_a_document_is_told_by_its_beginning() -> None:
    named = replace(DOCUMENT, toolchain=published.toolchain())
    assert published.made_by(named.content) == published.toolchain()
    for content in (DOCUMENT.content, b"", b"{}", named.content[:20]):
        assert published.made_by(content) == ""


def test_what_was_made_here_is_held_against_what_was_said() -> None:
    DOCUMENT.require_same(KEY, FACTS)
    DOCUMENT.require_same(OTHER, FACTS)
    with pytest.raises(UntrustedError, match="what REF says of one is not so"):
        DOCUMENT.require_same(KEY, Facts("one", (), (), (), 0))
