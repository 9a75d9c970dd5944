from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from airlock.errors import FetchError, ResolveError
from airlock.index.indexes import Indexes
from airlock.index.sdists import Releases
from airlock.index.simple import Finder
from airlock.index.web import Web
from airlock.locks.target import Target
from airlock.platforms import AMD64
from fake_web import FakeWeb

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "https://index.example/simple"
PAGE = f"{INDEX}/old-style/"
JSON = "application/vnd.pypi.simple.v1+json"
A, B = "a" * 64, "b" * 64


def releases(files: dict[str, str], *, body: bytes = b"12345") -> Releases:
    """Return an index whose page lists files, by name, with a sha256 (or none)."""
    listed = [
        {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": sha256} if sha256 else {}}
        for name, sha256 in files.items()
    ]
    served = {f"https://index.example/files/{name}": body for name in files}
    web = FakeWeb({PAGE: json.dumps({"files": listed}).encode(), **served}, kinds={PAGE: JSON})
    return Releases(Finder(web, Indexes(INDEX)))


def test_the_sdist_of_a_release_is_found_with_its_size() -> None:
    found = releases({"old_style-1.0.tar.gz": A, "old_style-2.0.tar.gz": B}).sdist("old-style", "2.0")
    assert (found.filename, found.size, found.sha256) == ("old_style-2.0.tar.gz", 5, B)


@pytest.mark.parametrize("name", ["Old.Style-1.0.tar.gz", "old-style-1.0.zip", "old_style-1.0.tar.bz2"])
def test_names_and_formats_from_before_the_rules_are_understood(name: str) -> None:
    assert releases({name: A}).sdist("old-style", "1.0").filename == name


def test_a_tar_gz_is_preferred() -> None:
    found = releases({"old_style-1.0.zip": A, "old_style-1.0.tar.gz": B})
    assert found.sdist("old-style", "1.0").filename == "old_style-1.0.tar.gz"


def test_a_version_is_the_same_however_it_is_written() -> None:
    assert releases({"old_style-1.0.0.tar.gz": A}).sdist("old-style", "1.0").sha256 == A


TAGS = Target("3.13.5", "2.41").tags(AMD64)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["old_style-1.0.tar.gz"], False),
        (["old_style-1.0.tar.gz", "old_style-0.9-py3-none-any.whl"], False),
        (["old_style-1.0.tar.gz", "old_style-1.0-cp313-cp313-win_amd64.whl"], True),
        (["old_style-1.0.tar.gz", "old_style-1.1-py3-none-any.whl"], True),
        (["old_style-1.0.tar.gz", "old_style-1.1-cp313-cp313-win_amd64.whl"], False),
    ],
)
def test_a_release_is_passed_over_for_wheels_of_its_own_or_a_newer_one_that_fits(
    files: list[str],
    said: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert releases(dict.fromkeys(files, A)).is_passed_over("old-style", "1.0", TAGS) is said


def test_a_wheel_of_a_package_whose_name_begins_alike_is_none_of_the_releases() -> None:
    found = releases({"old_style_more-1.0-py3-none-any.whl": A, "old_style-1.0.tar.gz": B})
    assert not found.is_passed_over("old-style", "1.0", TAGS)


@pytest.mark.parametrize("files", [{}, {"old_style-1.0.tar.gz": ""}, {"old_style-2.0.tar.gz": A}])
def test_a_release_without_a_source_distribution_that_can_be_checked_is_refused(
    files: dict[str, str],
) -> None:
    with pytest.raises(ResolveError, match="neither a wheel for the image nor a source distribution"):
        releases(files).sdist("old-style", "1.0")


def test_a_server_that_does_not_say_how_big_a_file_is_is_named() -> None:
    with pytest.raises(FetchError, match=r"how big old_style-1.0.tar.gz is"):
        releases({"old_style-1.0.tar.gz": A}, body=b"").sdist("old-style", "1.0")


def test_a_source_distribution_in_a_folder_of_this_machine_is_read_for_its_size_and_hash(
    tmp_path: Path,
) -> None:
    (tmp_path / "old_style-1.0.tar.gz").write_bytes(b"12345")
    indexes = Indexes(tmp_path.as_uri(), find_links=(str(tmp_path),))
    found = Releases(Finder(Web(indexes, 1), indexes)).sdist("old-style", "1.0")
    assert (found.size, found.sha256) == (5, hashlib.sha256(b"12345").hexdigest())


def test_the_page_of_a_project_is_read_once() -> None:
    found = releases({"old_style-1.0.tar.gz": A})
    found.is_passed_over("old-style", "1.0", TAGS)
    found.sdist("old-style", "1.0")
    web = found.finder.session
    assert isinstance(web, FakeWeb)
    assert [url for url, _ in web.asked].count(PAGE) == 1
