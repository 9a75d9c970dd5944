"""The root file system that wheels are built in: Debian packages unpacked, no maintainer script run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock import written
from airlock.debian import base, deb
from airlock.errors import BuildError, StorageError
from airlock.farm import prepare_for_running
from airlock.inside import GID, UID
from airlock.platforms import native

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.locks.debian import LockedDeb
    from airlock.store import Store

# where the build's virtual environment and sources are shown
ENVIRONMENT, SOURCE = "/opt/build", "/opt/source"
_USER = base.User("build", UID, GID, "/tmp", "/bin/sh")  # noqa: S108 - the sandbox's own
# what update-alternatives would link, where the packages bring it
_LINKS = {
    "/usr/bin/awk": "/usr/bin/mawk",
    "/usr/bin/cc": "/usr/bin/gcc",
    "/usr/bin/c++": "/usr/bin/g++",
    "/usr/bin/which": "/usr/bin/which.debianutils",
}
_LEFT_OUT = deb.Selection(leave_out=("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"))


def unpack(debs: Sequence[LockedDeb], store: Store, folder: Path) -> Path:
    """Unpack packages into a root in `folder`, and return it.

    Raises what `Store.read` and `deb.read` raise, BuildError without packages, and StorageError where there is no
    room.
    """
    if not debs:
        raise BuildError(
            f"nothing can be built from source on {native()}",
            cause="no Debian packages are locked for this machine's platform",
            remedy="lock for it, too (lock-platforms in [tool.airlock], or --platform), or do it on another machine",
        )
    root = folder / "root"
    try:
        root.mkdir(mode=0o755)
        _unpack(debs, store, root)
    except OSError as error:
        raise StorageError(
            f"the Debian packages to build with cannot be unpacked into {folder.parent}",
            cause=str(error),
            remedy="make room there, or choose another folder: export AIRLOCK_CACHE=FOLDER",
        ) from error
    return root


def _unpack(debs: Sequence[LockedDeb], store: Store, root: Path) -> None:
    found: dict[str, deb.Deb] = {}
    for item in debs:
        keep_all = item.package in base.SOURCES
        package = deb.read(item.filename, store.read(item.file), deb.Selection() if keep_all else _LEFT_OUT)
        written.write(root, [one for one in package.entries if one.path not in base.REPLACED_DIRECTORIES])
        found[item.package] = package if keep_all else deb.Deb(package.control, ())
    links = {name: program for name, program in _LINKS.items() if (root / program[1:]).exists()}
    made = [one for one in base.entries(found, _USER, links) if one.path != _USER.home[1:]]
    written.write(root, made)
    for place in (ENVIRONMENT, SOURCE):
        (root / place[1:]).mkdir(parents=True)
    prepare_for_running(root)
