from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airlock.first_difference import of_layouts
from layouts import GZIP, Member, folder, hardlink, symlink, write_layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.first_difference import Difference

BASE = [folder("etc"), Member("etc/a", b"same"), Member("etc/b", b"one\ntwo\n")]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path


def compare(here: Path, first: Sequence[Member], second: Sequence[Member]) -> Difference:
    """Compare two images that have a layer in common, and below it these."""
    for name, members in (("first", first), ("second", second)):
        write_layout(here / name, [[Member("common")], members])
    found = of_layouts(here / "first", here / "second")
    assert found is not None
    return found


def changed(member: Member) -> list[Member]:
    """Return the base with its last member replaced."""
    return [*BASE[:-1], member]


def test_equal_images_have_no_difference(here: Path) -> None:
    for name in ("first", "second"):
        write_layout(here / name, [BASE])
    assert of_layouts(here / "first", here / "second") is None


def test_content_that_differs_is_named_and_shown(here: Path) -> None:
    found = compare(here, BASE, changed(Member("etc/b", b"one\n2\n")))
    assert (found.where, found.path, found.what) == ("linux/amd64, layer 2", "/etc/b", "its content differs")
    assert found.shown == ("@@ -1,2 +1,2 @@", " one", "-two", "+2")
    assert str(found).startswith("linux/amd64, layer 2: /etc/b: its content differs\n@@")


@pytest.mark.parametrize(
    ("member", "what", "shown"),
    [
        (Member("etc/b", b"one\ntwo\n", mode=0o600), "its mode differs", ("- 0644", "+ 0600")),
        (Member("etc/b", b"one\ntwo\n", uid=7), "its owner differs", ("- 50000:0", "+ 7:0")),
        (Member("etc/b", b"one\ntwo\n", mtime=5), "its time differs", ("- 315532800", "+ 5")),
        (symlink("etc/b", "a"), "its type and mode and target and content differs", ("- file", "+ symlink")),
        (folder("etc/b", 0o644), "its type and content differs", ("- file", "+ directory")),
    ],
)
def test_an_attribute_that_differs_is_named(
    here: Path, member: Member, what: str, shown: tuple[str, ...]
) -> None:
    found = compare(here, BASE, changed(member))
    assert (found.path, found.what, found.shown) == ("/etc/b", what, shown)


def test_a_links_target_that_differs_is_shown(here: Path) -> None:
    found = compare(here, changed(symlink("etc/b", "a")), changed(symlink("etc/b", "c")))
    assert (found.path, found.what, found.shown) == ("/etc/b", "its target differs", ("- a", "+ c"))


@pytest.mark.parametrize(("name", "swapped"), [("second", False), ("first", True)])
def test_a_file_that_one_image_lacks_is_named(here: Path, name: str, swapped: bool) -> None:  # noqa: FBT001
    more = [*BASE, Member("etc/c"), Member("etc/d")]
    found = compare(here, *((more, BASE) if swapped else (BASE, more)))
    assert (found.path, found.what) == ("/etc/c", f"only the {name} image has it")
    assert found.shown == ("also in this layer: /etc/d",)


def test_another_order_of_the_same_files_is_called_so(here: Path) -> None:
    found = compare(here, BASE, [BASE[0], BASE[2], BASE[1]])
    assert (found.path, found.what) == ("", "the order of the tar's members differs")
    assert {line[1:] for line in found.shown if line[0] in "+-"} in ({"etc/a"}, {"etc/b"})


def test_bytecode_is_passed_over_for_the_source_it_was_made_of(here: Path) -> None:
    first, second = (
        [Member("p/__pycache__/x.cpython-313.pyc", text), Member("p/x.py", text)] for text in (b"1", b"2")
    )
    found = compare(here, first, second)
    assert found.path == "/p/x.py"
    assert found.shown[-1] == "also in this layer: /p/__pycache__/x.cpython-313.pyc"


def test_bytecode_that_differs_though_its_source_does_not_is_named(here: Path) -> None:
    first, second = (
        [Member("p/__pycache__/x.cpython-313.pyc", text), Member("p/x.py")] for text in (b"1", b"2")
    )
    assert compare(here, first, second).path == "/p/__pycache__/x.cpython-313.pyc"


def test_the_hashes_of_a_distribution_are_passed_over_for_what_they_are_of(here: Path) -> None:
    first, second = ([Member("p-1.dist-info/RECORD", text), Member("p/x", text)] for text in (b"1", b"2"))
    assert compare(here, first, second).path == "/p/x"


def test_hashes_alone_are_named(here: Path) -> None:
    first, second = ([Member("p-1.dist-info/RECORD", text), Member("p/x")] for text in (b"1", b"2"))
    assert compare(here, first, second).path == "/p-1.dist-info/RECORD"


def test_equal_files_under_other_headers_are_called_so(here: Path) -> None:
    linked = [*BASE, hardlink("etc/c", "etc/b")]
    copied = [*BASE, Member("etc/c", b"one\ntwo\n")]
    found = compare(here, linked, copied)
    assert (found.path, found.what) == (
        "",
        "every file is equal; only the headers or the padding of the tar differ",
    )
    assert found.shown[0].startswith("the first byte that differs is at")


def test_another_compression_of_the_same_tar_is_called_so(here: Path) -> None:
    write_layout(here / "first", [BASE])
    write_layout(here / "second", [BASE], media_type=GZIP)
    found = of_layouts(here / "first", here / "second")
    assert found is not None
    assert (found.where, found.what) == ("linux/amd64, layer 1", "the same tar, compressed differently")


def test_a_setting_of_the_configuration_is_named_by_its_key(here: Path) -> None:
    write_layout(here / "first", [BASE], settings={"Env": ["A=1", "B=2"]})
    write_layout(here / "second", [BASE], settings={"Env": ["A=1", "B=3"]})
    found = of_layouts(here / "first", here / "second")
    assert found is not None
    assert (found.where, found.what) == ("linux/amd64, configuration", "config.Env[1] differs")
    assert found.shown == ("- 'B=2'", "+ 'B=3'")


def test_another_number_of_layers_is_shown(here: Path) -> None:
    write_layout(here / "first", [BASE])
    write_layout(here / "second", [BASE, BASE])
    found = of_layouts(here / "first", here / "second")
    assert found is not None
    assert (found.where, found.what) == ("linux/amd64, manifest", "the layers differ")
    assert "+2" in found.shown


def test_other_platforms_are_told(here: Path) -> None:
    write_layout(here / "first", [BASE])
    write_layout(here / "second", [BASE], architecture="arm64")
    found = of_layouts(here / "first", here / "second")
    assert found is not None
    assert (found.where, found.what) == ("the index", "the platforms differ")


def test_an_annotation_of_the_index_is_named_by_its_key(here: Path) -> None:
    for name in ("first", "second"):
        write_layout(here / name, [BASE])
    index = json.loads((here / "second/index.json").read_bytes())
    index["manifests"][0]["annotations"] = {"x": "y"}
    (here / "second/index.json").write_text(json.dumps(index))
    found = of_layouts(here / "first", here / "second")
    assert found is not None
    assert (found.where, found.what) == ("the index", "manifests[0].annotations differs")
