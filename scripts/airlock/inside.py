"""What a command finds in the sandbox: its root, mounts, environment and working directory."""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import SandboxError
from airlock_spec.paths import AIRFLOW_HOME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock.layout import LaidOutImage

UID, GID = 50000, 0  # the image's user; any user with group 0 is to do
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # what Docker sets where the image does not
_FROM_THE_HOST = ("TERM", "COLUMNS", "LINES")


@dataclass(frozen=True)
class Tmpfs:
    """An empty writable folder in memory."""

    target: str
    mode: int


@dataclass(frozen=True)
class Folder:
    """A writable folder made in a tmpfs."""

    target: str
    mode: int


@dataclass(frozen=True)
class Link:
    """A symlink made in a tmpfs."""

    target: str
    to: str


@dataclass(frozen=True)
class ReadOnly:
    """A file or folder of the host that is seen, but cannot be written to."""

    source: Path
    target: str


Mount = Tmpfs | Folder | Link | ReadOnly


@dataclass(frozen=True)
class Inside:
    """What a command finds: `root` read-only at /, then /proc, a minimal /dev, and `mounts` in their order."""

    root: Path
    mounts: tuple[Mount, ...]
    env: tuple[tuple[str, str], ...]
    workdir: str
    network: bool = False  # whether it shares the network of whoever starts it


def holds_program(found: Inside, name: str) -> bool:
    """Whether the image's PATH has a program of this name; a path is taken as it is."""
    folders = dict(found.env).get("PATH", "").split(":")
    return "/" in name or any(os.path.lexists(found.root / folder.lstrip("/") / name) for folder in folders)


def inside(
    image: LaidOutImage,
    tree: Path,
    *,
    env: Mapping[str, str],
    binds: Iterable[ReadOnly] = (),
    host: Mapping[str, str] = os.environ,
) -> Inside:
    """Describe the image's tree as a command is to find it.

    /tmp, /run and AIRFLOW_HOME are writable and forgotten at the end; what the image has in AIRFLOW_HOME is
    there read-only, but for its empty folders. The environment is the image's, then `env`; of the host's
    come only the terminal's name and size. Raises SandboxError for a bind that has no place.
    """
    variables = _environment(image, tree, host) | dict(env)
    home = posixpath.normpath(variables.get("AIRFLOW_HOME", AIRFLOW_HOME))
    mounts: list[Mount] = [Tmpfs("/tmp", 0o1777), Tmpfs("/run", 0o755), *_home(tree, home)]  # noqa: S108 - the sandbox's
    writable = [mount.target for mount in mounts if isinstance(mount, Tmpfs | Folder)]
    for bind in binds:
        _require_place(tree, bind, writable)
        mounts.append(bind)
    workdir = str(image.settings.get("WorkingDir") or "/")
    return Inside(tree, tuple(mounts), tuple(sorted(variables.items())), workdir)


def _environment(image: LaidOutImage, tree: Path, host: Mapping[str, str]) -> dict[str, str]:
    own = dict(item.partition("=")[::2] for item in image.settings.get("Env") or ())
    terminal = {name: host[name] for name in _FROM_THE_HOST if name in host}
    return {"PATH": _PATH, "HOME": _login_home(tree)} | terminal | own


def _login_home(tree: Path) -> str:
    """Return the home folder that the image's /etc/passwd gives the user (passwd(5)), as Docker does."""
    if not _is_real(tree, "/etc/passwd"):
        return "/"
    for line in (tree / "etc/passwd").read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split(":")
        if fields[2:3] == [str(UID)]:
            return fields[5] if len(fields) > 5 and fields[5] else "/"  # noqa: PLR2004 - name:x:uid:gid:gecos:home:shell
    return "/"


def _home(tree: Path, home: str) -> list[Mount]:
    """Lay a tmpfs over AIRFLOW_HOME and show in it what the image has there."""
    folder = tree / home.lstrip("/")
    if home == "/" or not _is_real(tree, home) or not folder.is_dir():
        return []
    mounts: list[Mount] = [Tmpfs(home, _mode(folder))]
    for item in sorted(folder.iterdir()):
        target = f"{home}/{item.name}"
        if item.is_symlink():
            mounts.append(Link(target, str(item.readlink())))
        elif item.is_dir() and not any(item.iterdir()):
            mounts.append(Folder(target, _mode(item)))  # as logs/: made to be written to
        else:
            mounts.append(ReadOnly(item, target))
    return mounts


def _require_place(tree: Path, bind: ReadOnly, writable: list[str]) -> None:
    target = posixpath.normpath(bind.target)
    if not bind.target.startswith("/") or target == "/":
        raise SandboxError(
            f"cannot bind onto {bind.target!r}",
            cause="it is no absolute path below /",
            remedy="--bind SRC:/DST",
        )
    if not bind.source.exists():
        raise SandboxError(
            f"cannot bind {bind.source}", cause="it does not exist", remedy="name a file or folder"
        )
    if any(target.startswith(f"{folder}/") for folder in writable):
        return
    if not _is_real(tree, target):
        raise SandboxError(
            f"cannot bind onto {target}",
            cause="the image, which is read-only, has no such file or folder (or a symlink leads there)",
            remedy=f"choose a path that it has, or one below {' '.join(writable)}",
        )


def _is_real(tree: Path, path: str) -> bool:
    """Whether a path is in the tree without a symlink leading to it, which might lead out of it here."""
    place = tree
    for part in path.strip("/").split("/"):
        place /= part
        if not os.path.lexists(place) or place.is_symlink():
            return False
    return True


def _mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode) | 0o700
