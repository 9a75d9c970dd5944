"""What is compared is told from what is there; what cannot be compared says why."""

from __future__ import annotations

import hashlib
import os
import tarfile
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.difference import locks, sides
from airlock.difference.locks import Fact
from airlock.difference.sides import Images, LockSet
from airlock.errors import ConfigError, CorruptError, ImageError, LockError
from airlock.locks import airflow, debian
from airlock.locks.airflow import AirflowLock, LockedPackage
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.locks.moves import Move
from airlock.store import StoreFile
from layouts import Member, pax_member, tar, write_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a project in a folder of a git repository, with a commit."""
    folder = tmp_path / "repository" / "project"
    lock(folder, {"one": "1.0", "two": "1.0"})
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "x")):
        process.run([*GIT, *words], cwd=folder.parent)


def wheel(name: str, version: str) -> StoreFile:
    return StoreFile(
        f"{name}-{version}.whl", len(version), hashlib.sha256((name + version).encode()).hexdigest()
    )


def lock(folder: Path, versions: Mapping[str, str], python: str = "3.13.5") -> Path:
    packages = [LockedPackage(name, one, (("any", wheel(name, one)),)) for name, one in versions.items()]
    path = folder / "constraints" / "airflow.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    made = AirflowLock(python, "2.41", ("linux/amd64",), "as of now", (), tuple(packages))
    path.write_text(airflow.render(made))
    return path


def lock_debian(folder: Path, version: str) -> Path:
    deb = LockedDeb("libc6", version, "linux/amd64", "amd64", "debian", "pool/libc6.deb", 10, "0" * 64)
    path = folder / "constraints" / "debian.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(debian.render(DebianLock("trixie", ("linux/amd64",), ("x",), (), (), (deb,))))
    return path


def moved(first: sides.Side, second: sides.Side) -> locks.LockDifference:
    assert isinstance(first, LockSet)
    assert isinstance(second, LockSet)
    return locks.compare(first.locks, second.locks, [kind for kind in first.kinds if kind in second.kinds])


def test_nothing_named_compares_head_with_the_work_tree(repository: Path, keep: ExitStack) -> None:
    lock(repository, {"one": "1.1", "three": "1.0"}, python="3.13.6")

    found = moved(*sides.pair((), repository, keep))

    assert found.packages.changes == (
        Move("airflow", "one", "1.0", "1.1"),
        Move("airflow", "three", "", "1.0"),
        Move("airflow", "two", "1.0", ""),
    )
    assert found.facts == (Fact("airflow", "python", "3.13.5", "3.13.6"),)
    assert found.fetch == (wheel("one", "1.1"), wheel("three", "1.0"))
    assert found.differs


def test_an_unchanged_work_tree_does_not_differ(repository: Path, keep: ExitStack) -> None:
    found = moved(*sides.pair((), repository, keep))

    assert not found.differs
    assert (found.packages.unchanged, found.fetch) == (2, ())


def test_a_file_of_the_same_version_with_another_hash_is_fetched_anew(
    tmp_path: Path, keep: ExitStack
) -> None:
    for name, sha256 in (("a", "1"), ("b", "2")):
        path = lock(tmp_path / name, {"one": "1.0"})
        made = airflow.read(path)
        file = StoreFile("one-1.0.whl", 7, sha256 * 64)
        packages = (LockedPackage("one", "1.0", (("any", file),)),)
        path.write_text(
            airflow.render(AirflowLock(made.python, "2.41", made.platforms, made.resolved, (), packages))
        )

    found = moved(*sides.pair((str(tmp_path / "a"), str(tmp_path / "b")), tmp_path, keep))

    assert found.packages.changes == ()
    assert found.differs
    assert [file.sha256 for file in found.fetch] == ["2" * 64]
    assert found.bytes_to_fetch == 7


def test_one_lock_file_is_compared_with_that_lock_of_a_project(tmp_path: Path, keep: ExitStack) -> None:
    copy = tmp_path / "copy"
    copy.write_text(lock(tmp_path / "old", {"one": "1.0"}).read_text())
    lock(tmp_path / "new", {"one": "2.0"})
    lock_debian(tmp_path / "new", "2.41-1")

    found = moved(*sides.pair((str(copy),), tmp_path / "new", keep))

    assert found.packages.changes == (Move("airflow", "one", "1.0", "2.0"),)


def test_a_revision_from_before_the_locks_has_none(repository: Path, keep: ExitStack) -> None:
    lock_debian(repository, "2.41-1")

    found = moved(*sides.pair(("git:HEAD", str(repository)), repository, keep))

    assert found.packages.changes == (Move("debian", "libc6", "", "2.41-1"),)


def test_an_unknown_revision_is_told_with_what_fetches_it(repository: Path, keep: ExitStack) -> None:
    with pytest.raises(ConfigError, match="no such revision") as caught:
        sides.pair(("git:origin/main",), repository, keep)

    assert "git fetch origin main" in caught.value.remedy


@pytest.mark.parametrize("revision", ["", "--output=x", "HEAD:constraints", "HEAD..HEAD"])
def test_what_is_no_revision_is_refused(repository: Path, keep: ExitStack, revision: str) -> None:
    with pytest.raises(ConfigError, match="no such revision"):
        sides.pair((f"git:{revision}",), repository, keep)


def test_a_project_that_is_in_no_repository_is_told(
    tmp_path: Path, keep: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    lock(tmp_path, {"one": "1.0"})

    with pytest.raises(ConfigError, match="git finds no repository around"):
        sides.pair((), tmp_path, keep)


def test_a_lock_that_cannot_be_read_names_the_revision(repository: Path, keep: ExitStack) -> None:
    path = repository / "constraints" / "airflow.lock"
    path.write_text(path.read_text().replace("3.13.5", "3.13.4"))
    commit(repository)
    lock(repository, {"one": "1.0"})

    with pytest.raises(LockError, match=r"git:HEAD:constraints/airflow\.lock was edited by hand"):
        sides.pair((), repository, keep)


@pytest.mark.parametrize("what", ["nothing", "folder", "file", "empty"])
def test_what_is_of_no_known_form_is_refused_with_all_the_forms(
    tmp_path: Path, keep: ExitStack, what: str
) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what != "nothing":
        path.write_text("text" * (what == "file"))

    with pytest.raises(ConfigError) as caught:
        sides.side(str(path), tmp_path, keep)

    assert f"{path} cannot be compared" in caught.value.fact
    for form in ("OCI layout", ".tar", "airflow.lock", "constraints/*.lock", "git:REVISION"):
        assert form in caught.value.cause


def test_an_image_is_not_compared_with_locks(tmp_path: Path, keep: ExitStack) -> None:
    write_layout(tmp_path / "image", [[Member("a")]])
    lock(tmp_path / "project", {"one": "1.0"})

    with pytest.raises(ConfigError, match="an image cannot be compared with locks") as caught:
        sides.pair((str(tmp_path / "image"), str(tmp_path / "project")), tmp_path, keep)

    assert "git:HEAD" in caught.value.remedy


def test_locks_of_different_kinds_are_not_compared(tmp_path: Path, keep: ExitStack) -> None:
    paths = lock(tmp_path, {"one": "1.0"}), lock_debian(tmp_path, "1")

    with pytest.raises(ConfigError, match="locks of different kinds"):
        sides.pair((str(paths[0]), str(paths[1])), tmp_path, keep)


def test_an_image_alone_is_compared_with_what_the_project_composed(tmp_path: Path, keep: ExitStack) -> None:
    for folder in (tmp_path / "old", tmp_path / "build" / "image"):
        write_layout(folder, [[Member("a")]])

    first, second = sides.pair((str(tmp_path / "old"),), tmp_path, keep)

    assert isinstance(first, Images)
    assert isinstance(second, Images)
    assert second.images["linux/amd64"].layout == tmp_path / "build" / "image"


def test_without_a_composed_image_the_next_step_is_to_compose_it(tmp_path: Path, keep: ExitStack) -> None:
    write_layout(tmp_path / "old", [[Member("a")]])

    with pytest.raises(ImageError, match="there is no image in") as caught:
        sides.pair((str(tmp_path / "old"),), tmp_path, keep)

    assert caught.value.remedy == "airlock image"


def test_a_damaged_layout_is_told_with_the_blob_that_is_missing(tmp_path: Path, keep: ExitStack) -> None:
    write_layout(tmp_path / "image", [[Member("a")]])
    found = sides.side(str(tmp_path / "image"), tmp_path, keep)
    assert isinstance(found, Images)
    image = found.images["linux/amd64"]
    image.blob(image.layers[0]).unlink()

    with pytest.raises(CorruptError, match=f"{image.layers[0].digest} is missing"):
        sides.side(str(tmp_path / "image"), tmp_path, keep)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_is_read_and_what_else_is_in_it_left_out(
    tmp_path: Path, keep: ExitStack, mode: str
) -> None:
    digest = write_layout(tmp_path / "image", [[Member("a")]])
    (tmp_path / "evil").write_text("evil")
    with tarfile.open(tmp_path / "image.tar", mode) as archive:  # type: ignore[call-overload]
        archive.add(tmp_path / "image", ".")
        archive.add(tmp_path / "evil", "../evil-out")
        archive.add(tmp_path / "evil", "blobs/sha256/short")

    found = sides.side(str(tmp_path / "image.tar"), tmp_path, keep)

    assert isinstance(found, Images)
    image = found.images["linux/amd64"]
    assert image.digest == digest
    assert not (image.layout.parent / "evil-out").exists()
    assert not (image.layout / "blobs" / "sha256" / "short").exists()
    keep.close()
    assert not image.layout.exists()


def test_an_archive_that_was_cut_short_is_told(tmp_path: Path, keep: ExitStack) -> None:
    write_layout(tmp_path / "image", [[Member("a")]])
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        archive.add(tmp_path / "image", ".")
    content = (tmp_path / "image.tar").read_bytes()
    (tmp_path / "image.tar").write_bytes(content[:2100])

    with pytest.raises(CorruptError, match="is damaged"):
        sides.side(str(tmp_path / "image.tar"), tmp_path, keep)


def test_an_archive_of_something_else_is_told(tmp_path: Path, keep: ExitStack) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    with tarfile.open(tmp_path / "old.tar", "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")

    with pytest.raises(ImageError, match="holds no OCI layout"):
        sides.side(str(tmp_path / "old.tar"), tmp_path, keep)


def test_a_name_too_long_to_be_a_files_is_told(tmp_path: Path, keep: ExitStack) -> None:
    with pytest.raises(ConfigError, match="File name too long"):
        sides.side("a" * 5000, tmp_path, keep)


def test_what_is_wrong_in_an_archive_is_told_under_its_name(tmp_path: Path, keep: ExitStack) -> None:
    write_layout(tmp_path / "image", [[Member("a")]], configuration={"config": ["x"]})
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        archive.add(tmp_path / "image", ".")

    with pytest.raises(CorruptError, match=rf"in {tmp_path}/image\.tar is malformed") as caught:
        sides.side(str(tmp_path / "image.tar"), tmp_path, keep)

    assert caught.value.remedy == "make the archive or layout again"


def test_only_the_projects_own_layout_can_be_composed_again(tmp_path: Path, keep: ExitStack) -> None:
    remedies = []
    for folder in (tmp_path / "build" / "image", tmp_path / "other"):
        write_layout(folder, [[Member("a")]], configuration={"history": 5})
        with pytest.raises(CorruptError) as caught:
            sides.side(str(folder), tmp_path, keep)
        remedies.append(caught.value.remedy)

    assert remedies == ["airlock image", "make the archive or layout again"]


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
@pytest.mark.parametrize("content", [os.urandom(1_000_000), b"0123456789\n" * 100_000], ids=["noise", "text"])
def test_a_damaged_compressed_archive_is_told(
    tmp_path: Path, keep: ExitStack, mode: str, content: bytes
) -> None:
    blob = tmp_path / "image" / "blobs" / "sha256" / ("0" * 64)
    write_layout(tmp_path / "image", [[Member("a")]])
    blob.write_bytes(content)
    with tarfile.open(tmp_path / "image.tar", mode) as archive:  # type: ignore[call-overload]
        archive.add(blob, "blobs/sha256/" + "0" * 64)
        archive.add(tmp_path / "image", ".")
    damaged = bytearray((tmp_path / "image.tar").read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 100] = b"\xff" * 100
    (tmp_path / "image.tar").write_bytes(damaged)

    with pytest.raises(CorruptError, match="is damaged"):
        sides.side(str(tmp_path / "image.tar"), tmp_path, keep)


@pytest.mark.parametrize("between", [bytes(512), b"\1" * 512])
def test_an_archive_that_seems_to_end_early_is_damaged(
    tmp_path: Path, keep: ExitStack, between: bytes
) -> None:
    more = tar([Member("index.json", b"{}")])
    (tmp_path / "image.tar").write_bytes(tar([Member("oci-layout", b"{}")])[:1024] + between + more)

    with pytest.raises(CorruptError, match="is damaged"):
        sides.side(str(tmp_path / "image.tar"), tmp_path, keep)


def test_a_sparse_file_in_an_archive_is_refused(tmp_path: Path, keep: ExitStack) -> None:
    headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "index.json",
        "GNU.sparse.realsize": str(2**60),
    }  # fmt: skip
    member = pax_member("index.json", b"0\n".ljust(512, b"\0"), headers)
    (tmp_path / "image.tar").write_bytes(member + bytes(1024))

    with pytest.raises(CorruptError, match="sparse"):
        sides.side(str(tmp_path / "image.tar"), tmp_path, keep)


def test_why_a_package_is_locked_is_no_difference(tmp_path: Path, keep: ExitStack) -> None:
    for name, via in (("a", ("x",)), ("b", ("y",))):
        made = airflow.read(lock(tmp_path / name, {"one": "1.0"}))
        packages = tuple(replace(package, via=via) for package in made.packages)
        (tmp_path / name / "constraints" / "airflow.lock").write_text(
            airflow.render(replace(made, packages=packages))
        )

    found = moved(*sides.pair((str(tmp_path / "a"), str(tmp_path / "b")), tmp_path, keep))

    assert not found.differs
