"""Layers laid one over another as hard links, without following a symlink (OCI image specification, layer.md)."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path

from airlock.unpack import OPAQUE, WHITEOUT

# What a container runtime makes in an image's root: mount points, and the names of the machine itself
_MOUNT_POINTS = {"dev": 0o755, "etc": 0o755, "proc": 0o755, "run": 0o755, "sys": 0o755, "tmp": 0o1777}
HOSTNAME = "airlock"
_HOSTS = f"127.0.0.1\tlocalhost {HOSTNAME}\n::1\tlocalhost {HOSTNAME}\n"


def lay_over(layer: Path, root: Path) -> None:
    """Link what the unpacked `layer` holds into `root`, over what is there; whiteouts remove it.

    A folder replaces a symlink of its name: nothing is written through one. Airlock's layers have every
    path's real parents.
    """
    with os.scandir(layer) as found:
        entries = list(found)
    whiteouts = [item.name for item in entries if item.name.startswith(WHITEOUT)]
    if OPAQUE in whiteouts:
        for place in list(root.iterdir()):
            _remove(place)
    for name in whiteouts:
        _remove(root / name.removeprefix(WHITEOUT))
    for item in entries:
        place = root / item.name
        if item.name.startswith(WHITEOUT):
            continue
        if item.is_dir(follow_symlinks=False):
            _make_folder(place)
            lay_over(Path(item.path), place)
            place.chmod(stat.S_IMODE(item.stat(follow_symlinks=False).st_mode))
        else:
            _link(item.path, place)


def prepare_for_running(root: Path) -> None:
    """Add the mount points and the files that a container runtime would add, where the image has none.

    /etc/resolv.conf is empty: a place to show another one.
    """
    for name, mode in _MOUNT_POINTS.items():
        place = root / name
        if not os.path.lexists(place):
            place.mkdir()
            place.chmod(mode)
    if stat.S_ISDIR((root / "etc").lstat().st_mode):  # through a symlink it would land elsewhere
        for name, text in (("hosts", _HOSTS), ("resolv.conf", "")):
            with (
                contextlib.suppress(FileExistsError),
                (root / "etc" / name).open("x", encoding="utf-8") as file,
            ):
                file.write(text)


def _make_folder(place: Path) -> None:
    try:
        place.mkdir()
    except FileExistsError:
        if not stat.S_ISDIR(place.lstat().st_mode):
            place.unlink()
            place.mkdir()


def _link(source: str, place: Path) -> None:
    try:
        os.link(source, place, follow_symlinks=False)
    except FileExistsError:
        _remove(place)
        os.link(source, place, follow_symlinks=False)


def _remove(place: Path) -> None:
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        shutil.rmtree(place)
    else:
        place.unlink()
