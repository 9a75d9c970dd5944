"""Two images differ by what their layers make together, whoever built them."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import layout
from airlock.cache import Cache
from airlock.compose.oci import LAYER_KEY
from airlock.difference import images, listing
from airlock.difference.document import document
from airlock.difference.layers import Status
from airlock.difference.result import Result
from airlock.errors import CorruptError
from airlock.locks.moves import Move
from layouts import GZIP, ZSTD, Member, folder, pax_member, symlink, write_layout
from small_project import SmallProject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.difference.images import ImageDifference
    from airlock.difference.listing import Listing
    from airlock.layout import LaidOutImage

SITE = "usr/lib/python3.13/site-packages"


class Reader:
    """Reads layers through a cache, and notes which layers it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.cache = Cache(folder)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, image: LaidOutImage, chosen: Sequence[int]) -> list[Listing]:
        self.asked += [(image.layout.name, number) for number in chosen]
        return [listing.of_layer(image, number, self.cache) for number in chosen]


def difference(first: Path, second: Path, read: Reader) -> ImageDifference:
    one, other = (layout.images(folder)[0] for folder in (first, second))
    return images.compare(one, other, read)


def compare(
    tmp_path: Path, first: Sequence[Sequence[Member]], second: Sequence[Sequence[Member]]
) -> ImageDifference:
    write_layout(tmp_path / "a", first)
    write_layout(tmp_path / "b", second)
    return difference(tmp_path / "a", tmp_path / "b", Reader(tmp_path / "cache"))


def paths(found: ImageDifference) -> dict[str, tuple[str, ...]]:
    kinds = {one.path: (("added",) if one.before is None else ("removed",)) for one in found.files}
    return {one.path: one.what or kinds[one.path] for one in found.files}


def distribution(name: str, version: str, *files: str) -> list[Member]:
    info = f"{SITE}/{name}-{version}.dist-info"
    record = "".join(f"{file},,\n" for file in files)
    return [
        Member(f"{info}/METADATA", f"Name: {name}\nVersion: {version}\n".encode()),
        Member(f"{info}/RECORD", f"{record}{name}-{version}.dist-info/METADATA,,\n".encode()),
    ]


def test_an_image_does_not_differ_from_itself(tmp_path: Path) -> None:
    found = compare(tmp_path, [[Member("a")]], [[Member("a")]])

    assert not found.differs
    assert (found.files, found.settings) == ((), ())
    assert (found.pull.missing, found.pull.missing_blobs) == (0, 0)
    assert [one.status for one in found.layers] == [Status.SAME]


def test_each_attribute_of_a_path_that_differs_is_named(tmp_path: Path) -> None:
    before = [Member("content", b"1"), Member("mode"), symlink("target", "a"), Member("type"), Member("gone")]
    after = [
        Member("content", b"2"), Member("mode", mode=0o755), symlink("target", "b"), symlink("type", "a"),
        Member("new"), folder("mine", 0o700),
    ]  # fmt: skip

    assert paths(compare(tmp_path, [before], [after])) == {
        "content": ("content",),
        "mode": ("mode",),
        "target": ("target",),
        "type": ("type",),
        "gone": ("removed",),
        "new": ("added",),
        "mine": ("added",),
    }


def test_what_an_upper_layer_hides_counts_in_neither_image(tmp_path: Path) -> None:
    top = [Member("hidden", b"top"), Member("etc/.wh.removed")]
    before = [[Member("hidden", b"1"), Member("etc/removed", b"1"), Member("seen", b"1")], top]
    after = [[Member("hidden", b"2"), Member("etc/removed", b"2"), Member("seen", b"2")], top]

    assert paths(compare(tmp_path, before, after)) == {"seen": ("content",)}


def test_a_whiteout_in_a_changed_layer_removes_what_a_common_layer_has(tmp_path: Path) -> None:
    base = [Member("etc/a"), Member("etc/b"), Member("keep")]

    found = compare(tmp_path, [base, [Member("x")]], [base, [Member("x"), Member("etc/.wh..wh..opq")]])

    assert paths(found) == {"etc/a": ("removed",), "etc/b": ("removed",)}


def test_packages_are_those_whose_description_lies_on_top(tmp_path: Path) -> None:
    base = [
        *distribution("one", "1.0", "one.py"), Member(f"{SITE}/one.py"),
        Member("var/lib/dpkg/status", b"Package: tzdata\nStatus: install ok installed\nVersion: 2025a-1\n"),
    ]  # fmt: skip
    upgrade = [
        Member(f"{SITE}/.wh.one-1.0.dist-info"), *distribution("one", "1.1", "one.py"),
        Member(f"{SITE}/one.py", b"new"), *distribution("two", "3"),
        Member("var/lib/dpkg/status", b"Package: tzdata\nStatus: install ok installed\nVersion: 2025a-2\n"),
    ]  # fmt: skip

    found = compare(tmp_path, [base], [base, upgrade])

    assert found.packages.changes == (
        Move("debian", "tzdata", "2025a-1", "2025a-2"),
        Move("python", "one", "1.0", "1.1"),
        Move("python", "two", "", "3"),
    )
    owners = {one.path: one.package for one in found.files}
    assert owners[f"{SITE}/one.py"] == owners[f"{SITE}/one-1.0.dist-info/METADATA"] == "one"
    assert found.altered == ()


def test_a_package_of_the_same_version_with_other_files_is_told(tmp_path: Path) -> None:
    cached = f"{SITE}/__pycache__/one.cpython-313.pyc"
    before, after = (
        [*distribution("one", "1.0", "one.py"), Member(f"{SITE}/one.py", text), Member(cached, text)]
        for text in (b"1", b"2")
    )

    found = compare(tmp_path, [before], [after])

    assert found.packages.changes == ()
    assert found.altered == (images.Altered("python", "one", "1.0", 2),)


def test_a_recompressed_layer_must_be_pulled_but_changes_no_file(tmp_path: Path) -> None:
    write_layout(tmp_path / "a", [[Member("a", b"x" * 9000)]], media_type=ZSTD)
    write_layout(tmp_path / "b", [[Member("a", b"x" * 9000)]], media_type=GZIP)
    read = Reader(tmp_path / "cache")

    found = difference(tmp_path / "a", tmp_path / "b", read)

    assert [one.status for one in found.layers] == [Status.RECOMPRESSED]
    assert (found.files, read.asked) == ((), [])
    after = found.layers[0].after
    assert after
    assert found.pull.missing > after.size


def test_layers_without_names_are_paired_by_the_command_that_made_them(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"2")):
        write_layout(tmp_path / name, [[Member("base")], [Member("pip", content)]])
    one, other = (layout.images(tmp_path / name)[0] for name in "ab")
    history = [{"created_by": "ADD"}, {"created_by": "ENV", "empty_layer": True}, {"created_by": "RUN pip"}]
    for image in (one, other):
        assert isinstance(image.configuration, dict)
        image.configuration["history"] = history

    found = images.compare(one, other, Reader(tmp_path / "cache"))

    assert [(layer.name, layer.status) for layer in found.layers] == [
        ("ADD", Status.SAME),
        ("RUN pip", Status.CHANGED),
    ]


def test_settings_are_compared_key_by_key(tmp_path: Path) -> None:
    write_layout(tmp_path / "a", [[]], settings={"Env": ["A=1", "B=2"], "User": "0", "Cmd": ["x"]})
    write_layout(tmp_path / "b", [[]], settings={"Env": ["B=3", "A=1"], "User": "0", "Labels": {"l": "v"}})

    found = difference(tmp_path / "a", tmp_path / "b", Reader(tmp_path / "cache"))

    assert [(one.key, one.before, one.after) for one in found.settings] == [
        ("Cmd", '["x"]', None),
        ("Env.B", "2", "3"),
        ("Labels.l", None, "v"),
    ]


def test_the_bytes_to_pull_are_those_of_the_blobs_that_the_first_lacks(tmp_path: Path) -> None:
    found = compare(tmp_path, [[Member("a")], [Member("b")]], [[Member("a")], [Member("c")], [Member("c")]])

    image = layout.images(tmp_path / "b")[0]
    assert found.pull.missing == image.manifest.size + image.config.size + image.layers[1].size
    assert found.pull.total == found.pull.missing + image.layers[0].size
    assert (found.pull.missing_blobs, found.pull.blobs) == (3, 4)


def test_of_two_composed_images_only_the_layers_that_differ_are_read(tmp_path: Path) -> None:
    project = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    project.compose()
    (tmp_path / "project" / "build" / "image").rename(tmp_path / "a")
    project.append("image/rootfs/entrypoint", "exit 1\n")
    project.compose()
    (tmp_path / "project" / "build" / "image").rename(tmp_path / "b")
    read = Reader(tmp_path / "listings")

    found = difference(tmp_path / "a", tmp_path / "b", read)

    last = len(layout.images(tmp_path / "a")[0].layers) - 1
    assert read.asked == [("a", last), ("b", last)]
    assert paths(found) == {"entrypoint": ("content",)}
    assert [one.name for one in found.layers if one.status is not Status.SAME] == ["rootfs"]


def test_a_layer_that_removes_something_has_all_layers_read_even_where_they_are_annotated(
    tmp_path: Path,
) -> None:
    base = [Member("etc/a"), Member("keep")]
    write_layout(tmp_path / "a", [base, [Member("x")]])
    write_layout(tmp_path / "b", [base, [Member("x"), Member("etc/.wh.a")]])
    one, other = (
        replace(image, layers=tuple(replace(layer, annotations={LAYER_KEY: "k"}) for layer in image.layers))
        for image in (layout.images(tmp_path / name)[0] for name in "ab")
    )

    assert paths(images.compare(one, other, Reader(tmp_path / "cache"))) == {"etc/a": ("removed",)}


def test_a_listing_is_kept_and_the_layer_not_read_again(tmp_path: Path) -> None:
    write_layout(tmp_path / "a", [[*distribution("one", "1", "one.py"), Member(f"{SITE}/one.py")]])
    image = layout.images(tmp_path / "a")[0]
    cache = Cache(tmp_path / "cache")
    first = listing.of_layer(image, 0, cache)
    image.blob(image.layers[0]).write_bytes(b"")

    assert listing.of_layer(image, 0, cache) == first
    assert first.owners[f"{SITE}/one.py"] == ("python", "one")


def test_a_layer_that_is_not_the_one_of_its_diff_id_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    write_layout(tmp_path / "a", [[Member("a", b"1")]])
    write_layout(tmp_path / "b", [[Member("a", b"2")]])
    image, other = (layout.images(tmp_path / name)[0] for name in "ab")
    image.blob(image.layers[0]).write_bytes(other.blob(other.layers[0]).read_bytes())

    with pytest.raises(CorruptError, match="is not what the image's configuration names"):
        listing.of_layer(image, 0, Cache(tmp_path / "cache"))

    assert not (tmp_path / "cache").exists()


def test_dockers_spelling_of_a_zstd_layer_is_read(tmp_path: Path) -> None:
    docker = "application/vnd.docker.image.rootfs.diff.tar.zstd"
    write_layout(tmp_path / "a", [[Member("a", b"1")]], media_type=docker)
    image = layout.images(tmp_path / "a")[0]

    (member,) = listing.of_layer(image, 0, Cache(tmp_path / "cache")).members

    assert (member.path, member.size) == ("a", 1)


def annotated(path: Path, *layers: Sequence[Member]) -> Path:
    """Write an image that looks like one that airlock composed."""
    write_layout(path, layers, annotations=[{LAYER_KEY: str(number)} for number in range(len(layers))])
    return path


def test_what_a_common_layer_still_holds_neither_came_nor_went(tmp_path: Path) -> None:
    shared = [folder("opt/airflow", 0o775), Member("site/tests/__init__.py"), Member("x")]
    also = [folder("opt/airflow", 0o775), Member("site/tests/__init__.py"), Member("y", b"1")]
    first = annotated(tmp_path / "a", shared, also)
    second = annotated(tmp_path / "b", shared, [Member("y", b"2")])
    read = Reader(tmp_path / "cache")

    assert paths(difference(first, second, read)) == {"y": ("content",)}
    assert paths(difference(second, first, read)) == {"y": ("content",)}


def test_a_usual_folder_that_becomes_another_is_changed(tmp_path: Path) -> None:
    before, after = (
        [replace(folder("etc", mode), uid=0), replace(folder(f"only-{mode}"), uid=0)]
        for mode in (0o755, 0o777)
    )

    found = compare(tmp_path, [before], [after])

    assert paths(found) == {"etc": ("mode",)}
    (change,) = found.files
    assert change.before
    assert change.after
    assert (change.before.mode, change.after.mode) == (0o755, 0o777)


def test_packages_of_one_name_in_two_ecosystems_are_told_apart(tmp_path: Path) -> None:
    def files(version: str, content: bytes) -> list[Member]:
        return [
            *distribution("tzdata", version, "tzdata.py"),
            Member("var/lib/dpkg/status", b"Package: tzdata\nStatus: install ok installed\nVersion: 1\n"),
            Member("var/lib/dpkg/info/tzdata.list", b"/usr/share/zoneinfo/UTC\n"),
            Member("usr/share/zoneinfo/UTC", content),
        ]

    found = compare(tmp_path, [files("1", b"1")], [files("2", b"2")])

    assert found.packages.changes == (Move("python", "tzdata", "1", "2"),)
    assert found.altered == (images.Altered("debian", "tzdata", "1", 1),)


def test_extended_attributes_and_devices_are_compared(tmp_path: Path) -> None:
    capability = {"SCHILY.xattr.security.capability": "x"}
    device = Member("dev/null", type=tarfile.CHRTYPE)
    for name, headers in (("a", {}), ("b", capability)):
        write_layout(
            tmp_path / name, [pax_member("ping", b"", headers) + bytes(1024), [device] * (name == "b")]
        )
    read = Reader(tmp_path / "cache")

    for _ in range(2):  # as read, and as kept
        found = difference(tmp_path / "a", tmp_path / "b", read)
        assert paths(found) == {"ping": ("xattrs",), "dev/null": ("added",)}
    written = json.dumps(document(Result("a", "b", (found,))))
    assert '"type": "device"' in written
    assert '"xattrs": "' in written
