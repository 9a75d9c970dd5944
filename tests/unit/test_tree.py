"""Trees are made once, share their layers, and go when they are old and unused."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airlock.errors import CorruptError, SandboxError, UnsafeArchiveError
from airlock.layout import LaidOutImage, read_image
from airlock.platforms import AMD64
from airlock.terminal import Terminal
from airlock.tree import KEPT, Trees
from layouts import Member, write_layout

BASE = [Member("base", b"base")]


def make(folder: Path, name: str) -> LaidOutImage:
    """Lay out an image of the common layer and one of its own."""
    write_layout(folder / name, [BASE, [Member("name", name.encode())]])
    return read_image(folder / name, AMD64)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path / "trees", Terminal(quiet=True))


def held(trees: Trees) -> set[str]:
    """Name all that is in the folder of the trees but its locks and records."""
    return {path.name for path in trees.folder.iterdir() if path.is_dir()}


def layers(trees: Trees) -> int:
    return len(list((trees.folder / "layers").iterdir()))


def test_a_tree_is_made_once(trees: Trees, tmp_path: Path) -> None:
    image = make(tmp_path, "one")
    with trees.use(image) as tree:
        assert (tree / "base").read_text() + (tree / "name").read_text() == "baseone"
    for blob in image.blobs:
        image.blob(blob).unlink()

    with trees.use(image) as again:
        assert again == tree


def test_trees_share_the_layers_that_their_images_share(trees: Trees, tmp_path: Path) -> None:
    with trees.use(make(tmp_path, "one")) as one, trees.use(make(tmp_path, "two")) as two:
        assert (one / "base").samefile(two / "base")
        assert (two / "name").read_text() == "two"
    assert layers(trees) == 3


def test_only_the_trees_used_last_are_kept_and_their_layers(trees: Trees, tmp_path: Path) -> None:
    images = [make(tmp_path, str(number)) for number in range(KEPT + 2)]
    for number, image in enumerate(images):
        with trees.use(image):
            os.utime(trees.folder / f"{image.manifest.hex}.lock", (number, number))

    assert held(trees) == {"layers", *(image.manifest.hex for image in images[-KEPT:])}
    assert layers(trees) == KEPT + 1
    assert len(list(trees.folder.glob("*.json"))) == len(list(trees.folder.glob("[!.]*.lock"))) == KEPT


def test_a_tree_in_use_is_never_removed(trees: Trees, tmp_path: Path) -> None:
    first = make(tmp_path, "first")
    with trees.use(first) as tree:
        os.utime(trees.folder / f"{first.manifest.hex}.lock", (0, 0))
        for number in range(KEPT + 1):
            with trees.use(make(tmp_path, str(number))):
                pass
        assert (tree / "name").read_text() == "first"
        assert len(held(trees)) == 1 + KEPT + 1


def test_what_a_killed_process_left_is_removed(trees: Trees, tmp_path: Path) -> None:
    (trees.folder / "layers" / ".airlock-new-left").mkdir(parents=True)
    (trees.folder / ".airlock-new-left").mkdir()

    with trees.use(make(tmp_path, "one")):
        pass

    assert not list(trees.folder.rglob(".airlock-new-*"))


def test_a_layer_that_cannot_be_unpacked_leaves_no_tree_behind(trees: Trees, tmp_path: Path) -> None:
    write_layout(tmp_path / "bad", [BASE, [Member("../x")]])

    with pytest.raises(UnsafeArchiveError), trees.use(read_image(tmp_path / "bad", AMD64)):
        pass

    assert held(trees) == {"layers"}
    assert not list(trees.folder.rglob(".airlock-new-*"))


def test_a_damaged_blob_is_no_layer(trees: Trees, tmp_path: Path) -> None:
    image = make(tmp_path, "one")
    blob = image.blob(image.layers[0])
    blob.write_bytes(bytes(len(blob.read_bytes())))

    with pytest.raises(CorruptError), trees.use(image):
        pass


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(SandboxError, match="cannot unpack the image"),
        Trees(tmp_path / "file", Terminal(quiet=True)).use(make(tmp_path, "one")),
    ):
        pass


def test_many_at_once_make_the_same_tree(trees: Trees, tmp_path: Path) -> None:
    image = make(tmp_path, "one")

    def use(_: int) -> str:
        with trees.use(image) as tree:
            return (tree / "name").read_text()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(use, range(4))) == {"one"}
    assert held(trees) == {"layers", image.manifest.hex}


def test_the_lock_is_inherited_by_a_program_that_replaces_this_one(trees: Trees, tmp_path: Path) -> None:
    image = make(tmp_path, "one")

    with trees.use(image):
        inherited = []
        for number in range(3, 64):
            with contextlib.suppress(OSError):
                if os.get_inheritable(number):
                    inherited.append(str(Path(f"/proc/self/fd/{number}").readlink()))

    assert str(trees.folder / f"{image.manifest.hex}.lock") in inherited
