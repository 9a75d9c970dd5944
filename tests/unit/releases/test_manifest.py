"""The manifest of a release: one way to write it, one id, and everything else is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock_spec.releases.failures import RefusedError
from airlock_spec.releases.manifest import MAX_FILE, MAX_FILES, Checked, File, Manifest
from published_releases import manifest_of
from release_strategies import nearly, releases, twice

SHA256 = hashlib.sha256(b"1").hexdigest()
CHECKED = Checked(*(f"sha256:{letter * 64}" for letter in "abc"))
GOOD = manifest_of({"one.py": b"1", "two/three.py": b"23"}, CHECKED, ("one.py",))


def read(data: bytes) -> Manifest:
    """Read a manifest as somebody has it whose pointer names just this."""
    return Manifest.from_data(data, hashlib.sha256(data).hexdigest())


def refusal(data: bytes) -> str | None:
    try:
        read(data)
    except RefusedError as error:
        return str(error)
    return None


def changed(**fields: Any) -> bytes:
    return (
        json.dumps(
            json.loads(GOOD.data) | fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode(errors="surrogatepass")
        + b"\n"
    )


@given(releases())
def test_every_manifest_is_read_as_it_was_written_and_has_one_id(
    drawn: tuple[dict[str, bytes], Manifest],
) -> None:
    manifest = drawn[1]
    again = Manifest.from_data(manifest.data, manifest.id)
    assert again == manifest
    assert (again.data, again.id) == (manifest.data, manifest.id)
    assert again.blobs == {hashlib.sha256(data).hexdigest(): len(data) for data in drawn[0].values()}
    assert list(again.blobs) == sorted(again.blobs)


@given(
    st.one_of(
        st.binary(),
        st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode),
    )
)
def test_bytes_that_are_no_manifest_are_refused(data: bytes) -> None:
    with pytest.raises(RefusedError):
        read(data)


@given(nearly(GOOD.data))
def test_what_is_nearly_a_manifest_is_refused_or_written_the_same_way(data: bytes) -> None:
    told = refusal(data)
    assert read(data).data == data if told is None else len(told) < 5000


@given(nearly(GOOD.data))
def test_a_manifest_under_the_name_of_another_is_refused(data: bytes) -> None:
    if data != GOOD.data:
        with pytest.raises(RefusedError, match="is not what its name says"):
            Manifest.from_data(data, GOOD.id)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed(format="airlock-release/2"), "not of format airlock-release/1"),
        (changed(more=1), "more is not known"),
        (changed(files=[]), "empty"),
        (changed(files={}), "must be a list"),
        (changed(files=[["../a", SHA256, 1, "644"]]), "straight down"),
        (changed(files=[["/a", SHA256, 1, "644"]]), "straight down"),
        (changed(files=[["a", SHA256, 1, "777"]]), "mode"),
        (changed(files=[["a", SHA256, -1, "644"]]), "bytes"),
        (changed(files=[["a", SHA256, MAX_FILE + 1, "644"]]), "bytes"),
        (changed(files=[["a", SHA256, 10**300, "644"]]), "bytes"),
        (changed(files=[["a", SHA256, 1.0, "644"]]), "must be"),
        (changed(files=[["a", SHA256, True, "644"]]), "must be"),
        (changed(files=[["a", SHA256, float("nan"), "644"]]), "must be"),
        (changed(files=[["a", SHA256.upper(), 1, "644"]]), "no sha256"),
        (changed(files=[["a", SHA256, 1, "644"], ["a", SHA256, 1, "644"]]), "twice"),
        (changed(files=[["b", SHA256, 1, "644"], ["a", SHA256, 1, "644"]]), "not in order"),
        (changed(files=[["A", SHA256, 1, "644"], ["a", SHA256, 1, "644"]]), "collide"),
        (changed(files=[["a", SHA256, 1, "644"], ["a/b", SHA256, 1, "644"]]), "collide"),
        (changed(files=[["a", SHA256, 1, "644"], ["b", SHA256, 2, "644"]]), "another size"),
        (
            changed(files=[[f"{number:02}", f"{number:064}", MAX_FILE, "644"] for number in range(9)]),
            "bytes, more",
        ),
        (changed(files=[["\ud800", SHA256, 1, "644"]]), "cannot be read"),
        (changed(commit="main"), "commit"),
        (changed(image="latest"), "digest"),
        (changed(image=None), "digest"),
        (changed(locks=None), "cannot be read"),
        (changed(dirty=0), "dirty"),
        (GOOD.data.replace(b'"dirty"', b' "dirty"'), "not written as the format says"),
        (GOOD.data.rstrip(b"\n"), "not written as the format says"),
        (GOOD.data.replace(b"one.py", b"\\u006fne.py"), "not written as the format says"),
        (twice(GOOD.data), "not written as the format says"),
        (GOOD.data.decode().encode("utf-16"), "cannot be read"),
        (b"\xef\xbb\xbf" + GOOD.data, "cannot be read"),
        (b"[" * 1_000_000, "cannot be read"),
        (b"1" * 10_000, "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_hostile_manifests_are_refused_and_it_is_said_why(data: bytes, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        read(data)


def test_all_problems_are_told_but_no_more_than_fit_into_a_log() -> None:
    files = tuple(File("../" + "é\x1b" * 1000 + str(number), "x" * 1000, -1) for number in range(100))
    with pytest.raises(RefusedError) as caught:
        Manifest(files)
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert max(map(len, lines)) < 600
    assert "\x1b" not in str(caught.value)


def test_a_manifest_without_end_is_refused_quickly() -> None:
    begun = time.monotonic()
    deep = "a/" * 5_000_000 + "a"
    for data, said in (
        (changed(files=[[deep, SHA256, 1, "644"]]), "bytes, not 1 to"),
        (changed(files=[[]] * (MAX_FILES + 1)), "at most"),
        (changed(**{"\x1b" * 1_000_000: 1, "\ud800": 2}), "not known|cannot be read"),
    ):
        with pytest.raises(RefusedError, match=said) as caught:
            read(data)
        assert len(str(caught.value)) < 5000
    assert time.monotonic() - begun < 10


def test_each_of_what_it_says_is_part_of_the_id() -> None:
    others = [
        dataclasses.replace(GOOD, checked=None),
        dataclasses.replace(GOOD, commit="a" * 40),
        dataclasses.replace(GOOD, dirty=True),
        dataclasses.replace(GOOD, files=GOOD.files[:1]),
        dataclasses.replace(
            GOOD, files=(dataclasses.replace(GOOD.files[0], executable=False), GOOD.files[1])
        ),
    ]
    assert len({GOOD.id, *(other.id for other in others)}) == 6


def test_the_manifest_of_ten_thousand_files_takes_a_fraction_of_a_second() -> None:
    manifest = manifest_of(
        {f"team_{number % 50}/dag_{number}.py": b"%d" % number for number in range(10_000)}
    )
    begun = time.monotonic()
    assert Manifest.from_data(manifest.data, manifest.id).id == manifest.id
    assert time.monotonic() - begun < 1
