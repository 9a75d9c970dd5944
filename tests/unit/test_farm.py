"""Layers are laid one over another: later ones win, whiteouts remove, no symlink is followed."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from airlock.farm import lay_over, prepare_for_running

if TYPE_CHECKING:
    from pathlib import Path


class Layers:
    """Unpacked layers, and the root that they are laid over one another in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.root.mkdir()
        self.count = 0

    def add(self, *paths: str, links: dict[str, str] | None = None) -> None:
        """Lay over a layer of files, of folders (with a slash at the end) and of symlinks."""
        self.count += 1
        layer = self.folder / str(self.count)
        layer.mkdir()
        for path in paths:
            place = layer / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith("/"):
                place.mkdir(exist_ok=True)
            else:
                place.write_text(f"{self.count}")
        for path, target in (links or {}).items():
            (layer / path).parent.mkdir(parents=True, exist_ok=True)
            (layer / path).symlink_to(target)
        lay_over(layer, self.root)

    def listing(self) -> dict[str, str]:
        return {
            path.relative_to(self.root).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_text()
            for path in sorted(self.root.rglob("*")) if path.is_symlink() or path.is_file()
        }  # fmt: skip


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    return Layers(tmp_path)


def test_a_later_layer_wins(layers: Layers) -> None:
    layers.add("a", "d/b", "d/c")
    layers.add("d/b", "d/e/f")

    assert layers.listing() == {"a": "1", "d/b": "2", "d/c": "1", "d/e/f": "2"}
    assert (layers.root / "a").samefile(layers.folder / "1/a")


def test_a_whiteout_removes_what_is_below_but_not_its_own_layers(layers: Layers) -> None:
    layers.add("a", "d/b", "d/c", "e/f")
    layers.add(".wh.a", "d/.wh.b", "d/b/new", ".wh.e", ".wh.never-there")

    assert layers.listing() == {"d/b/new": "2", "d/c": "1"}


def test_an_opaque_folder_hides_all_below(layers: Layers) -> None:
    layers.add("d/a", "d/e/b", "x")
    layers.add("d/.wh..wh..opq", "d/c")

    assert layers.listing() == {"d/c": "2", "x": "1"}


def test_a_folder_replaces_a_symlink_and_nothing_is_written_through_it(layers: Layers) -> None:
    (layers.folder / "outside").mkdir()
    layers.add(links={"d": str(layers.folder / "outside"), "e": "d"})
    layers.add("d/a", "e/b")

    assert layers.listing() == {"d/a": "2", "e/b": "2"}
    assert list((layers.folder / "outside").iterdir()) == []


def test_a_whiteout_below_a_symlink_removes_nothing_elsewhere(layers: Layers) -> None:
    (layers.folder / "outside").mkdir()
    (layers.folder / "outside/kept").touch()
    layers.add(links={"d": str(layers.folder / "outside")})
    layers.add("d/.wh.kept", "d/.wh..wh..opq")

    assert (layers.folder / "outside/kept").exists()


def test_a_symlink_or_file_replaces_a_folder(layers: Layers) -> None:
    layers.add("d/a", "e/a")
    layers.add("e", links={"d": "e"})

    assert layers.listing() == {"d": "e", "e": "2"}


def test_folders_take_the_mode_of_the_last_layer(layers: Layers) -> None:
    layers.add("tmp/")
    (layers.folder / "2/tmp").mkdir(parents=True)
    (layers.folder / "2/tmp").chmod(0o1777)
    lay_over(layers.folder / "2", layers.root)

    assert stat.S_IMODE((layers.root / "tmp").stat().st_mode) == 0o1777


def test_mount_points_and_hosts_are_added_where_the_image_has_none(layers: Layers) -> None:
    layers.add("etc/passwd")

    prepare_for_running(layers.root)

    assert {path.name for path in layers.root.iterdir()} == {"dev", "etc", "proc", "run", "sys", "tmp"}
    assert "127.0.0.1\tlocalhost" in (layers.root / "etc/hosts").read_text()
    assert (layers.root / "etc/resolv.conf").read_text() == ""


def test_the_images_own_hosts_stay(layers: Layers) -> None:
    layers.add("etc/hosts")

    prepare_for_running(layers.root)

    assert (layers.root / "etc/hosts").read_text() == "1"


def test_hosts_are_not_written_through_a_symlink(layers: Layers) -> None:
    (layers.folder / "outside").mkdir()
    layers.add(links={"etc": str(layers.folder / "outside"), "tmp": "/nowhere"})

    prepare_for_running(layers.root)

    assert list((layers.folder / "outside").iterdir()) == []
