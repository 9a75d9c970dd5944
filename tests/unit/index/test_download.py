from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import CorruptError, FetchError
from airlock.index.download import download
from airlock.index.failures import GoneError
from airlock.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.places import Places
    from airlock.store import StoreFile
    from fake_web import Count, FakeWeb

URL = "https://me:secret@files.example.invalid/demo.whl?token=secret"
CONTENT = b"0123456789abcdef"


@pytest.fixture
def file(file_of: Callable[[str, bytes], StoreFile]) -> StoreFile:
    return file_of("demo.whl", CONTENT)


@pytest.fixture
def get(web: FakeWeb, file: StoreFile, places: Places, count: Count) -> Callable[[], None]:
    web.files.setdefault(URL, CONTENT)
    return lambda: download(web, URL, file, places, count, pause=lambda _: None)


def part(places: Places, file: StoreFile) -> Path:
    return places.downloads / f"{file.sha256}.part"


def leave_part(places: Places, file: StoreFile, content: bytes) -> None:
    places.downloads.mkdir(parents=True)
    part(places, file).write_bytes(content)


def held(places: Places, file: StoreFile) -> bytes:
    return Store(places.store).path(file).read_bytes()


def test_a_file_lands_in_the_store_under_its_hash(
    get: Callable[[], None], places: Places, file: StoreFile, count: Count
) -> None:
    get()
    assert held(places, file) == CONTENT
    assert Store(places.store).path(file).stat().st_mode & 0o777 == 0o644
    assert list(places.downloads.iterdir()) == []
    assert count.total == file.size


def test_a_cut_connection_is_resumed_where_it_broke(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile, count: Count
) -> None:
    web.cuts[URL] = [5, 4, None]
    get()
    assert held(places, file) == CONTENT
    assert [wanted for _, wanted in web.asked] == ["", "bytes=5-", "bytes=9-"]
    assert count.total == file.size


def test_a_partial_file_of_an_earlier_run_is_resumed(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile, count: Count
) -> None:
    leave_part(places, file, CONTENT[:10])
    get()
    assert held(places, file) == CONTENT
    assert [wanted for _, wanted in web.asked] == ["bytes=10-"]
    assert count.total == file.size


def test_a_complete_partial_file_needs_no_request(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile
) -> None:
    leave_part(places, file, CONTENT)
    get()
    assert held(places, file) == CONTENT
    assert web.asked == []


@pytest.mark.parametrize(
    "rubbish", [b"rubbish", b"rubbish of its length"[:16], b"rubbish that is too long for it"]
)
def test_a_partial_file_that_does_not_match_is_fetched_again(
    rubbish: bytes, get: Callable[[], None], places: Places, file: StoreFile, count: Count
) -> None:
    leave_part(places, file, rubbish)
    get()
    assert held(places, file) == CONTENT
    assert count.total == file.size


def test_a_server_that_ignores_range_is_read_from_the_start(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile, count: Count
) -> None:
    web.ranges = False
    leave_part(places, file, CONTENT[:10])
    get()
    assert held(places, file) == CONTENT
    assert count.total == file.size


def test_a_server_that_always_cuts_is_given_up_and_the_partial_file_kept(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile
) -> None:
    web.cuts[URL] = [6, *[0] * 20]
    with pytest.raises(FetchError, match=r"demo\.whl cannot be fetched"):
        get()
    assert len(web.asked) == 5
    assert part(places, file).read_bytes() == CONTENT[:6]
    assert not places.store.exists()


def test_a_wrong_hash_leaves_nothing_behind(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile, count: Count
) -> None:
    web.files[URL] = CONTENT[::-1]
    with pytest.raises(CorruptError) as caught:
        get()
    assert f"the lock names {file.sha256}" in caught.value.cause
    assert "secret" not in str(caught.value)
    assert list(places.downloads.iterdir()) == []
    assert not places.store.exists()
    assert count.total == 0


@pytest.mark.parametrize("lengths", [True, False])
def test_a_server_that_sends_more_is_cut_off(
    get: Callable[[], None], web: FakeWeb, places: Places, *, lengths: bool
) -> None:
    web.files[URL], web.lengths = CONTENT * 1000, lengths
    with pytest.raises(CorruptError, match="not the file that the lock names"):
        get()
    assert list(places.downloads.iterdir()) == []


def test_a_shorter_file_is_noticed_before_it_is_read(get: Callable[[], None], web: FakeWeb) -> None:
    web.files[URL] = CONTENT[:-1]
    with pytest.raises(CorruptError) as caught:
        get()
    assert "has 15 bytes, the lock names a file of 16 bytes" in caught.value.cause


def test_a_missing_file_is_told_from_other_failures(
    get: Callable[[], None], web: FakeWeb, places: Places
) -> None:
    del web.files[URL]
    with pytest.raises(GoneError) as caught:
        get()
    assert caught.value.cause == "HTTP 404 for https://files.example.invalid/demo.whl"
    assert list(places.downloads.iterdir()) == []


def test_a_refusal_names_the_status(get: Callable[[], None], web: FakeWeb) -> None:
    web.statuses[URL] = 403
    with pytest.raises(FetchError) as caught:
        get()
    assert caught.value.cause == "HTTP 403 for https://files.example.invalid/demo.whl"


def test_a_file_that_another_process_has_finished_is_not_fetched_again(
    get: Callable[[], None], web: FakeWeb, places: Places, file: StoreFile, count: Count
) -> None:
    get()
    asked = len(web.asked)
    leave_part_again = places.downloads / f"{file.sha256}.part"
    leave_part_again.write_bytes(b"01")
    get()
    assert len(web.asked) == asked
    assert list(places.downloads.iterdir()) == []
    assert count.total == 2 * file.size
