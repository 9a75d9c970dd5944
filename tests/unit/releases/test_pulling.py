"""A folder that follows a location: it serves one whole release at any time, whatever happens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock_spec.releases import layout, staging
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Pull, Pulled, Rules
from memory_location import MemoryLocation
from published_releases import manifest_of, point, publish, roll_back, store

if TYPE_CHECKING:
    from pathlib import Path

    from airlock_spec.releases.manifest import Manifest

FIRST = {"one.py": b"1", "package/two.py": b"two"}
SECOND = {**FIRST, "one.py": b"2", "three.py": b"three"}


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "folder")


def test_the_current_release_serves(location: MemoryLocation, folder: Folder) -> None:
    release = publish(location, FIRST).id
    pulled = Pull(location, folder).once()
    assert (pulled.release, pulled.before, pulled.switched, pulled.made) == (release, "", True, True)
    assert served(folder) == FIRST
    assert folder.link.resolve() == folder.place(release)


def test_looking_again_costs_one_request(location: MemoryLocation, folder: Folder) -> None:
    publish(location, FIRST)
    pull = Pull(location, folder)
    pull.once()
    location.asked.clear()
    assert not pull.once().switched
    assert location.asked == [("read", layout.POINTER)]


def test_a_new_release_is_linked_to_the_one_before(location: MemoryLocation, folder: Folder) -> None:
    before = publish(location, FIRST).id
    pull = Pull(location, folder)
    pull.once()
    after = publish(location, SECOND).id
    pulled = pull.once()
    assert (pulled.before, pulled.release) == (before, after)
    assert (pulled.difference.added, pulled.difference.changed) == (("three.py",), ("one.py",))
    assert served(folder) == SECOND
    two = "package/two.py"
    assert (folder.place(before) / two).samefile(folder.place(after) / two)


def test_a_rollback_fetches_nothing_that_is_there(location: MemoryLocation, folder: Folder) -> None:
    first = publish(location, FIRST).id
    pull = Pull(location, folder)
    pull.once()
    publish(location, SECOND)
    pull.once()
    roll_back(location, first)
    location.asked.clear()
    pulled = pull.once()
    assert (pulled.release, pulled.made) == (first, False)
    assert location.asked == [("read", layout.POINTER)]
    assert served(folder) == FIRST


@pytest.mark.parametrize("error", [UnreachableError("S3 says 503"), AbsentError("gone"), OSError(28, "full")])
@pytest.mark.parametrize("at", range(4))
def test_what_served_serves_on_whichever_request_fails(
    location: MemoryLocation, folder: Folder, error: Exception, at: int
) -> None:
    publish(location, FIRST)
    pull = Pull(location, folder)
    pull.once()
    publish(location, SECOND)
    fail_at(location, at, error)
    with pytest.raises(type(error)):
        pull.once()
    assert served(folder) == FIRST
    location.before = lambda *_: None
    pull.once()
    assert served(folder) == SECOND


def test_wrong_content_is_refused_and_not_fetched_again_at_each_look(
    location: MemoryLocation, folder: Folder
) -> None:
    publish(location, FIRST)
    pull = Pull(location, folder)
    pull.once()
    manifest = manifest_of(SECOND)
    store(location, manifest, SECOND)
    spoil_packs(location)
    point(location, manifest)
    for _ in range(2):
        with pytest.raises(RefusedError):
            pull.once()
        assert served(folder) == FIRST
        location.asked.clear()
    with pytest.raises(RefusedError):
        pull.once()
    assert location.asked == [("read", layout.POINTER)]
    publish(location, SECOND)
    assert pull.once().release == manifest.id


def test_a_release_that_is_not_accepted_does_not_serve(location: MemoryLocation, folder: Folder) -> None:
    publish(location, FIRST)

    def accept(manifest: Manifest) -> None:
        if len(manifest.files) != len(FIRST):
            raise RefusedError("not trusted")

    pull = Pull(location, folder, Rules(accept))
    pull.once()
    publish(location, SECOND)
    with pytest.raises(RefusedError, match="not trusted"):
        pull.once()
    assert served(folder) == FIRST
    assert len(folder.releases()) == 1


def test_what_is_prepared_is_whole_and_does_not_serve_yet(location: MemoryLocation, folder: Folder) -> None:
    seen: list[tuple[str, bool, str]] = []

    def prepare(pulled: Pulled) -> None:
        seen.append((pulled.release, folder.holds(pulled.release), folder.current()))

    pull = Pull(location, folder, Rules(prepare=prepare))
    one, two = publish(location, FIRST).id, ""
    pull.once()
    two = publish(location, SECOND).id
    pull.once()
    assert seen == [(one, True, ""), (two, True, one)]


def test_old_releases_go_once_nobody_used_them_for_long_enough(
    location: MemoryLocation, folder: Folder
) -> None:
    pull = Pull(location, folder, Rules(keep_for=60))
    old = publish(location, FIRST).id
    pull.once()
    current = publish(location, SECOND).id
    assert pull.once().removed == ()
    os.utime(folder.place(old), (1, 1))
    os.utime(folder.place(current), (2, 2))
    assert pull.collect() == [old]
    assert served(folder) == SECOND


def test_a_release_can_be_taken_without_serving(location: MemoryLocation, folder: Folder) -> None:
    old = publish(location, FIRST).id
    publish(location, SECOND)
    pull = Pull(location, folder)
    pull.once()
    assert pull.take(old).id == old
    assert served(folder) == SECOND
    assert staging.damaged(folder, folder.manifest(old)) == []


def test_a_damaged_release_is_fetched_anew(location: MemoryLocation, folder: Folder) -> None:
    manifest = publish(location, SECOND)
    pull = Pull(location, folder)
    pull.once()
    assert pull.mend() == []
    path = folder.place(manifest.id) / "one.py"
    path.chmod(0o644)
    path.write_bytes(b"X")
    assert pull.mend() == ["one.py"]
    assert served(folder) == SECOND
    folder.place(manifest.id).with_suffix(".json").write_bytes(b"{}")
    assert pull.mend() == ["its manifest"]
    assert served(folder) == SECOND


def test_a_damaged_release_that_was_collected_in_s3_gives_way_to_the_current_one(
    location: MemoryLocation, folder: Folder
) -> None:
    old = publish(location, FIRST).id
    Pull(location, folder).once()
    (folder.link / "package/two.py").unlink()
    (folder.link / "package/two.py").write_bytes(b"damaged")
    new = publish(location, SECOND).id
    del location.objects[layout.index(old)]
    assert Pull(location, folder).mend() == ["all of it, as it was collected"]
    assert served(folder) == SECOND  # nothing of it is a link to what was damaged
    assert list(folder.releases()) == [new]


def test_what_is_fetched_instead_of_a_damaged_release_has_to_be_accepted(
    location: MemoryLocation, folder: Folder
) -> None:
    old = publish(location, FIRST).id
    Pull(location, folder).once()
    (folder.link / "one.py").unlink()
    publish(location, SECOND)
    del location.objects[layout.index(old)]
    with pytest.raises(RefusedError, match="unsigned"):
        Pull(location, folder, Rules(refuse)).mend()
    assert folder.current() == old


def test_a_damaged_release_that_is_not_whole_in_s3_is_left_alone(
    location: MemoryLocation, folder: Folder
) -> None:
    release = publish(location, FIRST).id
    Pull(location, folder).once()
    (folder.link / "one.py").unlink()
    del location.objects[layout.index(release)]
    with pytest.raises(AbsentError, match="is damaged here, and is not whole in S3"):
        Pull(location, folder).mend()
    assert folder.serves(release)


@pytest.mark.parametrize("mended", [True, False])
def test_who_died_between_the_link_and_the_file_left_no_mixture_of_the_two(
    location: MemoryLocation, folder: Folder, *, mended: bool
) -> None:
    old = publish(location, FIRST).id
    pull = Pull(location, folder)
    pull.once()
    new = publish(location, SECOND).id
    pull.take(new)
    folder.link.unlink()
    folder.link.symlink_to(f"releases/{new}")
    roll_back(location, old)
    if mended:
        location.before = lambda *_: raise_unreachable()
        assert Pull(location, folder).mend() == []
    else:
        pull.once()
    assert folder.current() == folder.link.readlink().name == old
    assert served(folder) == FIRST


def test_what_an_earlier_process_took_has_to_be_accepted_by_this_one(
    location: MemoryLocation, folder: Folder
) -> None:
    publish(location, FIRST)
    Pull(location, folder).once()
    with pytest.raises(RefusedError, match="unsigned"):
        Pull(location, folder, Rules(refuse)).once()
    assert served(folder) == FIRST


def test_a_damaged_release_is_left_alone_while_it_cannot_be_fetched(
    location: MemoryLocation, folder: Folder
) -> None:
    manifest = publish(location, FIRST)
    pull = Pull(location, folder)
    pull.once()
    (folder.place(manifest.id) / "one.py").unlink()
    fail_at(location, 0, UnreachableError("down"))
    with pytest.raises(UnreachableError):
        pull.mend()
    assert served(folder) == {"package/two.py": b"two"}


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 100])
def test_a_folder_that_cannot_say_what_serves_is_told_anew(
    location: MemoryLocation, folder: Folder, data: bytes
) -> None:
    release = publish(location, FIRST).id
    pull = Pull(location, folder)
    pull.once()
    (folder.root / "current.json").write_bytes(data)
    assert pull.mend() == []
    assert pull.once().release == release
    assert folder.current() == release
    assert served(folder) == FIRST


def test_where_nothing_was_published_there_is_no_release(location: MemoryLocation, folder: Folder) -> None:
    with pytest.raises(AbsentError, match="no current release"):
        Pull(location, folder).once()
    assert folder.current() == ""


def served(folder: Folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder.link).as_posix(): path.read_bytes()
        for path in folder.link.rglob("*")
        if path.is_file()
    }


def fail_at(location: MemoryLocation, at: int, error: Exception) -> None:
    """Let the request of this number fail, and those that follow."""
    asked = iter(range(10_000))

    def before(*_: str) -> None:
        if next(asked) >= at:
            raise error

    location.before = before


def spoil_packs(location: MemoryLocation) -> None:
    for key, data in location.objects.items():
        if key.startswith(layout.PACKS):
            location.objects[key] = bytes(byte ^ 1 for byte in data)


class KilledError(BaseException):
    """Ends whoever pulls."""


def test_where_one_died_between_the_link_and_the_file_the_link_follows_the_file(
    location: MemoryLocation, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release that it was about to let serve is taken back before the next one looks."""
    first = publish(location, FIRST).id
    Pull(location, folder).once()
    publish(location, SECOND)

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("airlock_spec.releases.folder.replace", die)
        patched.setattr(Folder, "add", lambda self, manifest, staged: staged.rename(self.place(manifest.id)))
        with pytest.raises(KilledError):
            Pull(location, folder).once()
    assert folder.link.readlink().name != folder.current() == first
    roll_back(location, first)
    assert not Pull(location, folder).once().switched
    assert folder.link.readlink().name == first
    assert served(folder) == FIRST


def test_what_served_until_one_died_stays_for_its_grace(
    location: MemoryLocation, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(location, FIRST).id
    Pull(location, folder).once()
    os.utime(folder.place(first), (1, 1))
    publish(location, SECOND)
    serve = Folder.serve

    def serve_and_die(self: Folder, release: str) -> None:
        serve(self, release)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "serve", serve_and_die)
        with pytest.raises(KilledError):
            Pull(location, folder).once()
    assert Pull(location, folder).collect() == []
    assert folder.holds(first)


def refuse(_manifest: Manifest) -> None:
    raise RefusedError("it is unsigned")


def raise_unreachable() -> None:
    raise UnreachableError("down")
