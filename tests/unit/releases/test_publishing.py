"""Publishing: what is sent, in which order, and who wins where several do."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from airlock.errors import PublishError
from airlock.releases import publishing
from airlock.releases.publishing import Outcome, Publisher
from airlock.releases.rehearsal import Rehearsal
from airlock_spec.releases import contents, layout, reading
from airlock_spec.releases.failures import UnreachableError
from airlock_spec.releases.manifest import File, Manifest
from airlock_spec.releases.pointer import Collecting, Pointer
from memory_location import MemoryLocation

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.releases.location import Location


def release(**texts: str) -> tuple[Manifest, Callable[[str], bytes]]:
    """Return a release of files of these names and texts, and its contents."""
    held = {hashlib.sha256(text.encode()).hexdigest(): text.encode() for text in texts.values()}
    files = tuple(
        File(f"{name}.py", hashlib.sha256(text.encode()).hexdigest(), len(text.encode()))
        for name, text in sorted(texts.items())
    )
    return Manifest(files), held.__getitem__


def publish(location: Location, by: str = "somebody", **texts: str) -> Outcome:
    manifest, content = release(**texts)
    return Publisher(location, by).publish(manifest, content, publishing.look(location))


def pointer(location: Location) -> Pointer:
    found = publishing.look(location).pointer
    assert found is not None
    return found


def written(location: MemoryLocation) -> list[str]:
    return [key for doing, key in location.asked if doing in ("put", "swap", "create")]


def require_whole(location: MemoryLocation) -> None:
    """Whatever the pointer names can be had, to the last content."""
    for one in pointer(location).releases:
        manifest = reading.manifest(location, one.release)
        index = reading.index(location, manifest)
        for run in contents.plan(index, manifest.blobs):
            assert location.objects[layout.pack(run.pack)][run.offset : run.end]


def test_the_first_release_is_a_pack_an_index_a_manifest_and_last_the_pointer() -> None:
    location = MemoryLocation()
    done = publish(location, a="1", b="2")
    assert done.changed
    assert done.before == ""
    assert (done.sequence, done.sent_objects) == (1, 3)
    assert written(location)[-1] == layout.POINTER
    assert {key.split("/")[0] for key in written(location)} == {"packs", "indexes", "releases", "current"}
    assert pointer(location).release == done.release
    require_whole(location)


def test_the_same_content_again_writes_nothing_and_is_no_event() -> None:
    location = MemoryLocation()
    publish(location, a="1")
    location.asked.clear()
    done = publish(location, a="1")
    assert not done.changed
    assert written(location) == []
    assert pointer(location).sequence == 1


def test_a_changed_file_sends_that_file_alone() -> None:
    location = MemoryLocation()
    publish(location, a="1" * 100_000, b="2")
    location.asked.clear()
    done = publish(location, a="1" * 100_000, b="3")
    assert done.difference.changed == ("b.py",)
    [pack] = [key for key in written(location) if key.startswith(layout.PACKS)]
    assert len(location.objects[pack]) < 100
    assert [doing for doing, _ in location.asked if doing == "list"] == []
    require_whole(location)


def test_a_release_of_before_serves_again_without_sending_anything() -> None:
    location = MemoryLocation()
    first = publish(location, a="1")
    publish(location, a="2")
    location.asked.clear()
    again = publish(location, a="1")
    assert again.release == first.release
    assert written(location) == [layout.POINTER]
    assert pointer(location).releases[0].release == first.release
    assert pointer(location).sequence == 3


def test_of_two_publishers_both_releases_are_there_and_the_later_serves() -> None:
    location = MemoryLocation()
    publish(location, a="0")
    manifest, content = release(a="slow")
    there = publishing.look(location)
    quick = publish(location, "quick", a="quick")
    slow = Publisher(location, "slow").publish(manifest, content, there)
    found = pointer(location)
    assert found.release == slow.release
    assert {one.release for one in found.releases} >= {slow.release, quick.release}
    assert [event.by for event in found.events] == ["slow", "quick", "somebody"]
    require_whole(location)


def test_a_swap_whose_answer_was_lost_is_not_done_twice() -> None:
    location = MemoryLocation()
    publish(location, a="0")
    swap = location.swap

    def lost(key: str, data: bytes, etag: str) -> bool:
        swap(key, data, etag)
        return swap(key, data, etag)  # what a client does that got no answer

    location.swap = lost  # type: ignore[method-assign]
    done = publish(location, a="1")
    assert done.sequence == 2
    assert pointer(location).sequence == 2


def test_whatever_request_fails_the_pointer_names_what_is_whole_and_the_next_attempt_succeeds() -> None:
    for number in range(1, 20):
        location = MemoryLocation()
        publish(location, a="0", b="1")
        before = pointer(location).release
        left = number

        def fail(doing: str, key: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise UnreachableError(f"503 for {doing} of {key}")

        location.before = fail
        try:
            publish(location, a="2", b="1")
        except UnreachableError:
            location.before = lambda *_: None
            assert pointer(location).release == before
            require_whole(location)
            publish(location, a="2", b="1")
        else:
            assert number > 5
            return
        require_whole(location)
    raise AssertionError("no attempt was whole")


def test_what_is_being_deleted_just_now_is_not_published() -> None:
    location = MemoryLocation()
    manifest, _ = release(a="1")
    publish(location, a="0")
    found = publishing.look(location)
    assert found.pointer is not None
    collecting = Collecting((manifest.id,), datetime.now(UTC) + timedelta(minutes=10))
    now = Pointer(found.pointer.release, 2, found.pointer.releases, found.pointer.events, collecting)
    assert location.swap(layout.POINTER, now.to_data(), found.etag)
    with pytest.raises(PublishError, match="is being deleted just now"):
        publish(location, a="1")
    assert pointer(location).release == found.pointer.release


def test_a_release_that_shares_packs_with_one_that_was_collected_meanwhile_is_sent_whole() -> None:
    location = MemoryLocation()
    publish(location, a="1" * 100_000)
    manifest, content = release(a="1" * 100_000, b="2")
    there = publishing.look(location)
    other = publish(location, c="3")
    found, etag = publishing.look_at_pointer(location) or (None, "")
    assert found is not None
    kept = tuple(one for one in found.releases if one.release == other.release)
    location.swap(layout.POINTER, Pointer(other.release, 3, kept).to_data(), etag)
    shared = next(key for key in location.objects if key.startswith(layout.PACKS))
    del location.objects[shared]
    done = Publisher(location, "slow").publish(manifest, content, there)
    assert (done.before, pointer(location).release) == (other.release, manifest.id)
    require_whole(location)


def test_where_collectors_are_always_at_work_it_gives_up() -> None:
    location = MemoryLocation()
    publish(location, a="1")

    def collected(doing: str, _key: str) -> None:
        if doing == "swap":
            found = Pointer.from_data(location.objects[layout.POINTER])
            location.objects[layout.POINTER] = found.noted("gc", datetime.now(UTC), "cron").to_data()

    location.before = collected
    with pytest.raises(PublishError, match="does not serve yet") as caught:
        publish(location, a="2")
    assert "`airlock gc` was at work" in caught.value.cause


def test_a_document_is_never_written_in_the_same_bytes_twice() -> None:
    """So whoever deletes what was there before, by its ETag, deletes no other."""
    keys = [make(release(a="1")[0].id) for make in (layout.manifest, layout.index)]
    seen = set()
    for _ in range(3):
        location = MemoryLocation()
        publish(location, a="1")
        seen |= {location.objects[key] for key in keys}
    assert len(seen) == 6


def test_a_signature_is_written_before_the_pointer() -> None:
    location = MemoryLocation()
    manifest, content = release(a="1")
    publisher = Publisher(location, "somebody", lambda name: {f"signatures/{name}/key.json": b"signed"})
    publisher.publish(manifest, content, publishing.look(location))
    assert written(location)[-1] == layout.POINTER
    assert location.objects[f"signatures/{manifest.id}/key.json"] == b"signed"


def test_a_dry_run_tells_the_same_and_writes_nothing() -> None:
    location = MemoryLocation()
    publish(location, a="1")
    location.asked.clear()
    done = publish(Rehearsal(location), a="2")
    assert done.changed
    assert done.difference.changed == ("a.py",)
    assert done.sent_objects == 3
    assert written(location) == []
