"""Folders that are published to, and what they remember."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock.errors import PublishError
from airlock.releases import comparing, rolling_back
from airlock.releases.in_folder import HISTORY, Files, InFolder, Kept
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.pointer import Published
from airlock_spec.releases.receipt import Claim, Receipt
from published_releases import manifest_of

if TYPE_CHECKING:
    from airlock_spec.releases.manifest import Manifest

ALL = Kept(100, 100)


@pytest.fixture
def place(tmp_path: Path) -> InFolder:
    return InFolder(tmp_path / "dags")


class Interrupted(BaseException):
    """Ends whoever is at work, as a signal does."""


def publish(place: InFolder, files: dict[str, bytes], kept: Kept = ALL) -> str:
    """Publish files that are written beside the folder."""
    top = place.folder.root.parent / "work"
    manifest = manifest_of(files)
    for path, data in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(data)
    place.publish(manifest, source(top, manifest), new(manifest), kept)
    return manifest.id


def source(top: Path, manifest: Manifest) -> Files:
    return Files(top, {file.sha256: file.path for file in manifest.files})


def new(manifest: Manifest) -> Published:
    return Published(manifest.id, datetime.now(UTC), "ada", len(manifest.files), manifest.size)


def served(place: InFolder) -> bytes:
    return (place.folder.link / "dag.py").read_bytes()


def use_aged(place: InFolder, release: str, days: float) -> None:
    at = datetime.now(UTC).timestamp() - days * 86400
    os.utime(place.folder.place(release), (at, at))


def test_what_is_published_serves_and_is_remembered(place: InFolder) -> None:
    first = publish(place, {"dag.py": b"1"})
    second = publish(place, {"dag.py": b"2", "team/helper.py": b"x"})
    said = place.pointer()
    assert [one.release for one in said.releases] == [second, first]
    assert (said.release, said.sequence, served(place)) == (second, 2, b"2")
    assert place.folder.current() == second


def test_rolling_back_works_as_in_s3(place: InFolder) -> None:
    first, second, _ = (publish(place, {"dag.py": text}) for text in (b"1", b"2", b"3"))
    for expected in (second, first):
        assert rolling_back.roll_back(place, rolling_back.choose(place, ""), "ada").release == expected
    assert served(place) == b"1"
    with pytest.raises(PublishError, match="no release to roll back to"):
        rolling_back.choose(place, "")


def test_where_one_died_between_the_link_and_the_file_the_link_is_put_right_before_anything_else(
    place: InFolder,
) -> None:
    first, second = (publish(place, {"dag.py": text}) for text in (b"1", b"2"))
    rolling_back.roll_back(place, rolling_back.choose(place, first), "ada")
    place.folder.link.unlink()
    place.folder.link.symlink_to(f"releases/{second}")
    assert place.pointer().release == first
    assert served(place) == b"1"


def test_a_release_of_which_a_file_was_changed_does_not_serve(place: InFolder) -> None:
    first = publish(place, {"dag.py": b"1", "other.py": b"x"})
    publish(place, {"dag.py": b"2"})
    changed = place.folder.place(first) / "dag.py"
    changed.chmod(0o644)
    changed.write_bytes(b"!")
    with pytest.raises(PublishError, match="it is not whole") as caught:
        rolling_back.choose(place, "")
    assert "dag.py is not what the manifest says" in caught.value.cause
    place.folder.place(first).with_suffix(".json").unlink()
    with pytest.raises(PublishError, match="it is not whole"):
        rolling_back.choose(place, first)


def test_contents_are_compared_out_of_the_folder(place: InFolder) -> None:
    ids = [publish(place, {"dag.py": text}) for text in (b"one\n", b"two\n")]
    compared = comparing.Compared.of(*map(place.manifest, ids))
    assert list(comparing.content_lines(place, compared))[-2:] == ["-one", "+two"]


def test_publishing_collects_what_is_neither_among_the_last_nor_used_lately(place: InFolder) -> None:
    first, second = (publish(place, {"dag.py": text}) for text in (b"1", b"2"))
    use_aged(place, first, 3)
    third = publish(place, {"dag.py": b"3"}, Kept(2, 2))
    assert [one.release for one in place.pointer().releases] == [third, second]
    assert not place.folder.holds(first)


def test_what_served_until_now_is_kept_for_as_long_as_what_was_made_now(place: InFolder) -> None:
    first = publish(place, {"dag.py": b"1"})
    use_aged(place, first, 3)
    publish(place, {"dag.py": b"2"}, Kept(1, 2))
    assert place.folder.holds(first)
    assert place.collectable(Kept(1, 2)) == []
    use_aged(place, first, 3)
    assert place.collectable(Kept(1, 2)) == [first]
    assert place.collect(Kept(1, 2)) == [first]
    assert first not in [one.release for one in place.pointer().releases]


def test_a_source_that_changes_while_it_is_copied_publishes_nothing(place: InFolder, tmp_path: Path) -> None:
    first = publish(place, {"dag.py": b"1"})
    manifest = manifest_of({"dag.py": b"2"})
    (tmp_path / "work" / "dag.py").write_bytes(b"?")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        place.publish(manifest, source(tmp_path / "work", manifest), new(manifest), ALL)
    assert (place.pointer().release, served(place)) == (first, b"1")
    assert not place.folder.holds(manifest.id)


@pytest.mark.parametrize("renames", range(1, 7))
def test_killed_at_any_rename_the_folder_serves_one_whole_release_and_goes_on(
    place: InFolder, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """A release is five renames: its manifest, its folder, the history, the link, and what names it."""
    first = publish(place, {"dag.py": b"1"})
    left = [renames]
    real = {name: getattr(Path, name) for name in ("replace", "rename")}

    def counted(name: str) -> object:
        def rename(self: Path, target: Path) -> Path:
            left[0] -= 1
            if not left[0]:
                raise Interrupted
            made = real[name](self, target)
            assert isinstance(made, Path)
            return made

        return rename

    with monkeypatch.context() as patch:
        for name in real:
            patch.setattr(Path, name, counted(name))
        if renames == 6:
            publish(place, {"dag.py": b"2"})
        else:
            with pytest.raises(Interrupted):
                publish(place, {"dag.py": b"2"})
    assert served(place) in (b"1", b"2")
    assert place.pointer().release == place.folder.current()
    second = publish(place, {"dag.py": b"2"})
    assert (place.pointer().release, served(place)) == (second, b"2")
    assert rolling_back.choose(place, "").release == first


def test_a_folder_that_is_pulled_into_has_no_history_of_its_own(place: InFolder) -> None:
    with pytest.raises(AbsentError, match="nothing was published there yet"):
        place.pointer()
    publish(place, {"dag.py": b"1"})
    (place.folder.root / HISTORY).unlink()
    with pytest.raises(AbsentError, match="was pulled"):
        place.pointer()


def test_one_that_was_killed_before_anything_served_has_no_pointer(place: InFolder) -> None:
    only = publish(place, {"dag.py": b"1"})
    (place.folder.root / "current.json").unlink()
    with pytest.raises(AbsentError, match="nothing serves"):
        place.pointer()
    assert publish(place, {"dag.py": b"1"}) == only
    assert place.pointer().release == only


def test_a_history_that_was_damaged_is_refused(place: InFolder) -> None:
    publish(place, {"dag.py": b"1"})
    (place.folder.root / HISTORY).write_text(json.dumps({"format": "another"}))
    with pytest.raises(RefusedError):
        place.pointer()


def test_what_a_reader_of_the_folder_claims_stays_and_nothing_goes_where_that_cannot_be_read(
    place: InFolder,
) -> None:
    first, second, _ = (publish(place, {"dag.py": text}) for text in (b"1", b"2", b"3"))
    for release in (first, second):
        use_aged(place, release, 3)
    path = place.folder.root / layout.claim("processor-1")
    path.parent.mkdir()
    path.write_bytes(Claim("processor-1", datetime.now(UTC), (first,)).to_data())
    assert place.collectable(Kept(1, 2)) == [second]
    path.write_bytes(b"{}")
    assert place.collectable(Kept(1, 2)) == place.collect(Kept(1, 2)) == []


def test_what_readers_of_the_folder_left_there_is_told(place: InFolder) -> None:
    only = publish(place, {"dag.py": b"1"})
    now = datetime.now(UTC)
    for key, data in (
        (f"{layout.receipts(only)}w.json", Receipt(only, "w", "worker", now, now).to_data()),
        (f"{layout.signatures(only)}0123456789abcdef.json", b"{}"),
    ):
        path = place.folder.root / key
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    papers = place.papers(place.manifest(only))
    assert ([one.reader for one in papers.receipts], papers.signatures) == (["w"], ("0123456789abcdef",))
