"""A mirror is believed only as far as Debian signed it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from airlock.debian import release
from airlock.errors import CorruptError, FetchError, ResolveError
from debian_mirror import SIGNED, Mirror

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "http://mirror.invalid/debian/dists/trixie"
PATH = "main/binary-amd64/Packages.xz"
CONTENT = b"an index"
BY_HASH = f"{FOLDER}/main/binary-amd64/by-hash/SHA256/{hashlib.sha256(CONTENT).hexdigest()}"


def fetch(mirror: Mirror) -> bytes:
    return mirror.archive.index(mirror.archive.release("debian", "trixie"), PATH)


def test_a_release_names_itself_with_its_date(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT})
    assert str(mirror.archive.release("debian", "trixie")) == "debian trixie 2026-11-22T12:00:00Z"


def test_an_index_is_asked_for_by_hash_and_kept(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT})
    assert fetch(mirror) == CONTENT
    assert mirror.asked == [f"{FOLDER}/InRelease", BY_HASH]
    assert fetch(mirror) == CONTENT
    assert mirror.asked[2:] == [f"{FOLDER}/InRelease"]


def test_a_mirror_without_by_hash_files_is_asked_for_the_plain_name(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT})
    del mirror.files[BY_HASH]
    assert fetch(mirror) == CONTENT


def test_a_suite_that_does_not_offer_by_hash_is_not_asked_so(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT}, by_hash=False)
    fetch(mirror)
    assert mirror.asked == [f"{FOLDER}/InRelease", f"{FOLDER}/{PATH}"]


def test_a_kept_index_that_was_altered_is_fetched_again(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT})
    fetch(mirror)
    (kept,) = mirror.downloads.iterdir()
    kept.write_bytes(b"AN INDEX")
    assert fetch(mirror) == CONTENT
    assert kept.read_bytes() == CONTENT


@pytest.mark.parametrize("forged", [b"AN INDEX", b"an inde", b""])
def test_an_index_that_is_not_what_was_signed_is_refused_and_not_kept(mirror: Mirror, forged: bytes) -> None:
    mirror.publish("trixie", {PATH: CONTENT}, by_hash=False)
    mirror.files[f"{FOLDER}/{PATH}"] = forged
    with pytest.raises(CorruptError, match="is not what Debian signed"):
        fetch(mirror)
    assert not mirror.downloads.exists()


def test_an_index_that_does_not_end_is_cut_off(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT}, by_hash=False)
    mirror.files[f"{FOLDER}/{PATH}"] = CONTENT + b"and more"
    with pytest.raises(FetchError, match="longer than it should be"):
        fetch(mirror)


def test_a_release_without_debians_signature_is_refused(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT})
    url = f"{FOLDER}/InRelease"
    mirror.files[url] = mirror.files[url].removeprefix(SIGNED)
    with pytest.raises(ResolveError, match="is not signed by Debian"):
        mirror.archive.release("debian", "trixie")


def test_a_signed_release_of_another_suite_is_refused(mirror: Mirror) -> None:
    mirror.publish("bookworm", {PATH: CONTENT})
    mirror.files[f"{FOLDER}/InRelease"] = mirror.files[
        "http://mirror.invalid/debian/dists/bookworm/InRelease"
    ]
    with pytest.raises(ResolveError, match="is another suite") as refusal:
        mirror.archive.release("debian", "trixie")
    assert "bookworm" in refusal.value.cause


def test_a_suite_may_be_asked_for_by_its_role(mirror: Mirror) -> None:
    mirror.publish("fancy", {PATH: CONTENT})
    assert mirror.archive.release("debian", "fancy").suite == "fancy"


def test_a_mirror_that_stood_still_for_long_is_refused(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT}, age=30, lasts=7)
    with pytest.raises(ResolveError, match="expired on 2026-10-31") as refusal:
        mirror.archive.release("debian", "trixie")
    assert "security updates" in refusal.value.cause


def test_one_that_expired_lately_is_warned_about(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    mirror.publish("trixie", {PATH: CONTENT}, age=10, lasts=7)
    archive = mirror.archive
    replace(archive, terminal=replace(archive.terminal, quiet=False)).release("debian", "trixie")
    assert "expired on 2026-11-20" in capsys.readouterr().err


def test_a_snapshot_may_be_as_old_as_it_likes(mirror: Mirror) -> None:
    mirror.publish("trixie", {PATH: CONTENT}, age=900)
    mirror.sources = replace(mirror.sources, snapshot=True)
    assert mirror.archive.release("debian", "trixie").date.year == 2024


def test_an_index_that_the_release_does_not_list_is_an_error(mirror: Mirror) -> None:
    mirror.publish("trixie", {})
    with pytest.raises(ResolveError, match=f"has no {PATH}"):
        fetch(mirror)


@pytest.mark.parametrize(
    "text",
    [
        "Codename: trixie\nSHA256:\n",
        "Codename: trixie\nDate: yesterday\nSHA256:\n",
        "Codename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n",
        "Codename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nSHA256:\n abc many main/x\n",
        "Codename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nSHA256:\n abc 1\n",
    ],
)
def test_a_malformed_release_is_an_error(text: str) -> None:
    with pytest.raises(ResolveError, match="malformed"):
        release.parse(text, "debian", "trixie")


def test_the_grace_is_two_weeks() -> None:
    assert timedelta(days=14) == release.GRACE


def test_downloads_hold_files_by_their_sha256(mirror: Mirror, tmp_path: Path) -> None:
    mirror.publish("trixie", {PATH: CONTENT})
    fetch(mirror)
    assert (tmp_path / "downloads" / hashlib.sha256(CONTENT).hexdigest()).read_bytes() == CONTENT
