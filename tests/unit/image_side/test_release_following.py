"""A folder that others fill, followed in place: one link of our own, and nothing copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock_plugins.following import FolderFollower
from airlock_plugins.local import FolderObjects
from airlock_plugins.logs import Failures
from airlock_plugins.reporting import Reporter, reader_name
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Pull
from bundle_doubles import Held, Log
from published_releases import publish

if TYPE_CHECKING:
    from pathlib import Path

    from airlock_spec.releases.manifest import Manifest

FIRST = {"one.py": b"import words", "words.py": b"1"}
SECOND = {"one.py": b"import words", "words.py": b"2"}


@pytest.fixture
def location() -> Held:
    return Held()


@pytest.fixture
def efs(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "efs")


@pytest.fixture
def own(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "own")


def accept(_: Manifest) -> None:
    pass


def test_a_release_and_what_it_concerns_is_told(location: Held, efs: Folder, own: Folder) -> None:
    pull, follower = Pull(location, efs), FolderFollower(efs.root, own, accept, whole=False)
    first = publish(location, FIRST).id
    pull.once()
    taken = follower.follow()
    assert (taken.switched, taken.before, taken.files) == (True, "", ("one.py", "words.py"))
    assert not follower.follow().switched
    second = publish(location, SECOND).id
    pull.once()
    taken = follower.follow()
    assert (taken.before, taken.manifest.id) == (first, second)
    assert taken.files == ("one.py", "words.py")  # the former names the latter
    assert own.link.resolve() == efs.place(second).resolve()
    assert not (own.root / "releases").exists()


def test_what_served_before_is_known_in_another_process(location: Held, efs: Folder, own: Folder) -> None:
    Pull(location, efs)
    release = publish(location, FIRST).id
    Pull(location, efs).once()
    FolderFollower(efs.root, own, accept, whole=False).follow()
    again = FolderFollower(efs.root, own, accept, whole=False)
    assert again.current() == release
    assert not again.follow().switched


def test_contents_are_verified_where_releases_are_signed(location: Held, efs: Folder, own: Folder) -> None:
    release = publish(location, FIRST).id
    Pull(location, efs).once()
    path = efs.place(release) / "one.py"
    path.chmod(0o644)
    path.write_bytes(b"evil")
    strict = FolderFollower(efs.root, own, accept, whole=True)
    for work in (strict.follow, lambda: strict.take(release)):
        with pytest.raises(RefusedError, match=r"1 files are not as release .* says: one\.py"):
            work()
    assert not own.link.exists()
    assert FolderFollower(efs.root, own, accept, whole=False).take(release) == efs.place(release)


def test_what_a_dagrun_is_pinned_to_in_a_folder_has_to_be_signed_too(
    location: Held, efs: Folder, own: Folder
) -> None:
    def refuse(_: Manifest) -> None:
        raise RefusedError("it is unsigned")

    release = publish(location, FIRST).id
    Pull(location, efs).once()
    with pytest.raises(RefusedError, match="unsigned"):
        FolderFollower(efs.root, own, refuse, whole=True).take(release)


def test_what_an_earlier_process_let_serve_has_to_be_accepted_by_this_one(
    location: Held, efs: Folder, own: Folder
) -> None:
    def refuse(_: Manifest) -> None:
        raise RefusedError("it is unsigned")

    publish(location, FIRST)
    Pull(location, efs).once()
    FolderFollower(efs.root, own, accept, whole=False).follow()
    with pytest.raises(RefusedError, match="unsigned"):
        FolderFollower(efs.root, own, refuse, whole=True).follow()


def test_a_release_that_went_is_absent(location: Held, efs: Folder, own: Folder) -> None:
    release = publish(location, FIRST).id
    Pull(location, efs).once()
    follower = FolderFollower(efs.root, own, accept, whole=False)
    follower.follow()
    efs.remove(release)
    with pytest.raises(AbsentError):
        follower.follow()
    assert follower.current() == ""


def test_what_lies_beside_a_folder_is_read_and_written_by_its_key(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("receipts/a/b.json", b"{}")
    stored = objects.read("receipts/a/b.json", 2)
    assert stored
    assert stored.data == b"{}"
    with pytest.raises(RefusedError, match="more than 1 bytes"):
        objects.read("receipts/a/b.json", 1)
    with pytest.raises(AbsentError):
        objects.read("signatures/none", 1)
    with pytest.raises(UnreachableError):
        objects.read("receipts", 1)  # a folder
    with pytest.raises(UnreachableError):
        objects.put("receipts", b"")
    with pytest.raises(AbsentError):
        next(objects.stream("packs/x", 0, 1))


def test_a_readers_name_is_part_of_a_key_whatever_its_host_is_called() -> None:
    assert reader_name("worker", "dags", "ip-10-0-1-2.ec2.internal") == "worker.ip-10-0-1-2-ec2-internal.dags"
    assert reader_name("pull", "../x y", "h") == "pull.h.-x-y"


def test_whatever_a_receipt_meets_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "receipts").write_bytes(b"in the way")
    log = Log()
    Reporter(FolderObjects(tmp_path), "worker", "me", log).taken("ab" * 32)
    assert log.events == ["receipt_not_written"]


def test_a_failure_that_lasts_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    failures = Failures(log)
    for error in (OSError("a"), OSError("a"), OSError("b")):
        failures.tell("failed", error)
    assert [fields["reason"] for _, _, fields in log.said] == ["a", "b"]
    monkeypatch.setattr("airlock_plugins.logs._AGAIN", 0.0)
    failures.tell("failed", OSError("b"))
    assert len(log.said) == 3
    assert failures.over("failed")
    assert not failures.over("failed")
