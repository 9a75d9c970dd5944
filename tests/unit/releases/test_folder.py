"""Folders of releases: what serves, what is collected, and what somebody leaves who dies half-way."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from airlock_spec.releases import folder as folders
from airlock_spec.releases import staging
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Packs, Pull
from memory_location import MemoryLocation
from published_releases import manifest_of, publish, store
from release_folders import contents

if TYPE_CHECKING:
    from pathlib import Path

    from airlock_spec.releases.manifest import Manifest

DAY = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "folder")


def files(number: int) -> dict[str, bytes]:
    return {"one.py": b"%d" % number, "same.py": b"same"}


def added(folder: Folder, number: int, age: float = 0) -> Manifest:
    """Put a release into a folder that was used last so many seconds ago."""
    location, manifest = MemoryLocation(), manifest_of(files(number))
    store(location, manifest, files(number))
    with folder.lock():
        staging.take(folder, manifest, Packs(location, manifest))
    then = time.time() - age
    os.utime(folder.place(manifest.id), (then, then))
    return manifest


def test_an_empty_folder_serves_nothing(folder: Folder) -> None:
    assert (folder.current(), folder.releases()) == ("", {})
    with pytest.raises(AbsentError, match="there is no release 000000000000"):
        folder.manifest("0" * 64)


def test_what_serves_is_named_by_the_link_and_by_the_file(folder: Folder) -> None:
    for number in (1, 2):
        manifest = added(folder, number)
        folder.serve(manifest.id)
        assert folder.current() == manifest.id
        assert contents(folder.link) == files(number)
        assert folder.manifest(manifest.id) == manifest


def test_what_is_not_there_cannot_serve(folder: Folder) -> None:
    folder.serve(added(folder, 1).id)
    with pytest.raises(AbsentError, match="it cannot serve"):
        folder.serve(manifest_of(files(2)).id)
    assert contents(folder.link) == files(1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"format":"airlock-folder/2","release":""}',
        b'{"format":"airlock-folder/1","release":"../x"}',
        b"\xff",
    ],
)
def test_a_file_that_names_no_release_is_refused_and_mended_by_the_next(folder: Folder, data: bytes) -> None:
    manifest = added(folder, 1)
    folder.serve(manifest.id)
    (folder.root / folders.POINTER).write_bytes(data)
    with pytest.raises(RefusedError, match=folders.POINTER):
        folder.current()
    folder.serve(manifest.id)
    assert folder.current() == manifest.id


def test_a_manifest_that_was_changed_is_refused(folder: Folder) -> None:
    one, two = added(folder, 1), added(folder, 2)
    folder.place(one.id).with_suffix(".json").write_bytes(two.data)
    with pytest.raises(RefusedError, match="is not what its name says"):
        folder.manifest(one.id)


def test_a_manifest_in_the_place_of_anothers_is_refused_also_where_it_was_just_read(folder: Folder) -> None:
    one, two = added(folder, 1), added(folder, 2)
    assert folder.manifest(one.id) == one
    folder.place(two.id).with_suffix(".json").write_bytes(one.data)
    with pytest.raises(RefusedError, match="is not what its name says"):
        folder.manifest(two.id)
    assert folder.manifest(one.id) == one


def test_old_releases_are_removed_but_not_what_serves_nor_the_newest(folder: Folder) -> None:
    serving, old, newer, newest = (added(folder, number, (9 - number) * DAY) for number in range(4))
    folder.serve(serving.id)
    folder.use(newer.id)
    assert folder.collect(DAY) == [newest.id, old.id]
    assert set(folder.releases()) == {serving.id, newer.id}
    assert not folder.place(old.id).with_suffix(".json").exists()


def test_nothing_is_removed_that_only_the_link_names(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever died between the link and the file leaves two names."""
    old, new = added(folder, 1, 9 * DAY), added(folder, 2)
    folder.serve(new.id)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folders, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            folder.serve(old.id)
    assert (folder.current(), folder.link.readlink().name) == (new.id, old.id)
    assert folder.collect(DAY) == []
    assert contents(folder.link) == files(1)


def test_ages_are_told_by_the_clock_of_whoever_has_the_files(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is days ahead or behind removes just what all others would."""
    old, used, serving = added(folder, 1, 2 * DAY), added(folder, 2, DAY / 2), added(folder, 3)
    folder.serve(serving.id)
    for wrong in (1e9, -1e9):
        now = time.time()
        monkeypatch.setattr(time, "time", lambda now=now, wrong=wrong: now + wrong)
        folder.collect(DAY)
        monkeypatch.undo()
        assert set(folder.releases()) == {used.id, serving.id}
    assert not folder.holds(old.id)


def test_what_the_dead_left_is_removed_by_the_next_and_is_never_a_release(folder: Folder) -> None:
    serving = added(folder, 1)
    folder.serve(serving.id)
    staged = folder.staging()
    (staged / "half").write_bytes(b"")
    added(folder, 2)
    assert not list((folder.root / ".staging").iterdir())
    assert not [path for path in folder.root.iterdir() if path.name.startswith(".current")]


def two_releases(folder: Folder) -> tuple[Pull, Manifest, Manifest]:
    """Let the second of two releases serve, as whoever follows a location does."""
    location = MemoryLocation()
    one = publish(location, files(0))
    pull = Pull(location, folder)
    pull.once()
    two = publish(location, files(1))
    pull.once()
    return pull, one, two


def test_a_damaged_release_is_mended_in_its_place(folder: Folder) -> None:
    pull, _, two = two_releases(folder)
    place = folder.place(two.id).stat().st_ino
    (folder.link / "one.py").unlink()
    (folder.link / "more.py").write_bytes(b"")
    (folder.link / "same.py").chmod(0o644)
    (folder.link / "same.py").write_bytes(b"SAME")
    assert pull.mend() == ["more.py", "one.py", "same.py"]
    assert contents(folder.link) == files(1)
    assert set(folder.releases()) == {two.id}  # the other shared a damaged file with it
    assert folder.place(two.id).stat().st_ino == place  # at no moment it was not there
    assert pull.mend() == []


def test_a_release_whose_files_became_folders_is_mended_as_a_whole(folder: Folder) -> None:
    pull, _, two = two_releases(folder)
    (folder.link / "one.py").unlink()
    (folder.link / "one.py").mkdir()
    assert pull.mend() == ["one.py"]
    assert contents(folder.link) == files(1)
    assert set(folder.releases()) == {two.id}


def test_a_manifest_that_is_lost_is_fetched_anew(folder: Folder) -> None:
    pull, _, two = two_releases(folder)
    path = folder.place(two.id).with_suffix(".json")
    path.write_bytes(b"{}")
    assert pull.mend() == ["its manifest"]
    assert path.read_bytes() == two.data


def test_a_link_and_a_file_that_differ_are_one_again_at_the_next_look(folder: Folder) -> None:
    """Somebody died between the two, and what serves went back meanwhile; or the link was removed, or the file."""
    pull, one, two = two_releases(folder)

    def relink() -> None:
        folder.link.unlink()
        folder.link.symlink_to(f"releases/{one.id}")

    for spoil in (
        relink,
        folder.link.unlink,
        (folder.root / folders.POINTER).unlink,
        lambda: (folder.root / folders.POINTER).write_bytes(b"{}"),
    ):
        spoil()
        assert pull.once().release == two.id
        assert folder.current() == two.id
        assert contents(folder.link) == files(1)
