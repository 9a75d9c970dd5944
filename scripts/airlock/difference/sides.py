"""What `airlock diff` was asked to compare: each argument is told from what is there under its name."""

from __future__ import annotations

import contextlib
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import layout
from airlock.difference import archived, revision
from airlock.difference.locks import KINDS
from airlock.errors import ConfigError, CorruptError, ImageError
from airlock.locks import format as lock_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack

    from airlock.layout import LaidOutImage
    from airlock.locks.files import Locks

_UNREADABLE = "it cannot be read"
_SHOWN = 200  # characters of a name
FORMS = """\
the folder of an OCI layout (build/image), or a .tar of one as docker save writes
a lock file (airflow.lock, debian.lock, toolchain.lock)
a project's folder with constraints/*.lock
git:REVISION, the project's locks at that revision"""


@dataclass(frozen=True)
class Source:
    """Where images are read from: `name` is what the user called it, `unpacked` an archive's content.

    `composed` is the project's own layout, which airlock can make again.
    """

    name: str
    composed: bool = False
    unpacked: Path | None = None

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Tell what is wrong with the images under their user's name, and with what that user can do."""
        try:
            yield
        except (CorruptError, ImageError) as error:
            folder = str(self.unpacked or self.name)
            raise type(error)(
                error.fact.replace(folder, self.name),
                cause=error.cause.replace(folder, self.name),
                remedy=error.remedy if self.composed else "make the archive or layout again",
            ) from error


@dataclass(frozen=True)
class Images:
    """The images of a layout by platform (OCI's os/architecture[/variant])."""

    source: Source
    images: Mapping[str, LaidOutImage]

    @property
    def name(self) -> str:
        return self.source.name


@dataclass(frozen=True)
class LockSet:
    """Locks, and of which kinds they can be: a file is of one, a project of all."""

    name: str
    locks: Locks
    kinds: tuple[str, ...]


Side = Images | LockSet


def pair(names: tuple[str, ...], project: Path, keep: ExitStack) -> tuple[Side, Side]:
    """Read what is to be compared; `keep` holds what was unpacked for it.

    Without names: the project at HEAD, and as it is. With one: that, and the project, or the image that it
    composed. Raises ConfigError, ImageError, LockError or CorruptError.
    """
    first = side(names[0] if names else f"{revision.PREFIX}HEAD", project, keep)
    if len(names) > 1:
        second = side(names[1], project, keep)
    elif isinstance(first, Images):
        second = _images(Source(str(_composed(project)), composed=True), _composed(project))
    else:
        second = side(str(project), project, keep)
    _require_alike(first, second)
    return first, second


def side(name: str, project: Path, keep: ExitStack) -> Side:
    """Read what `name` is. Raises ConfigError, naming all the forms, where it is none of them."""
    if name.startswith(revision.PREFIX):
        return LockSet(name, revision.locks_at(name.removeprefix(revision.PREFIX), project), KINDS)
    path = Path(name)
    if (nature := _nature(path)).startswith(_UNREADABLE):
        raise _of_no_form(name, nature)
    if (path / "index.json").exists() or (path / "oci-layout").exists():
        return _images(Source(name, path.resolve() == _composed(project).resolve()), path)
    if archived.is_archive(path):
        folder = Path(keep.enter_context(tempfile.TemporaryDirectory(prefix="airlock-diff-")))
        return _images(Source(name, unpacked=folder), archived.unpack(path, folder))
    if path.is_file() and _is_lock(path):
        kind = _kind(path)
        return LockSet(name, revision.locks_in({kind: path}), (kind,))
    found = {kind: file for kind in KINDS if (file := path / "constraints" / f"{kind}.lock").is_file()}
    if found:
        return LockSet(name, revision.locks_in(found), KINDS)
    raise _of_no_form(name, nature)


def _composed(project: Path) -> Path:
    return project / "build" / "image"


def _images(source: Source, folder: Path) -> Images:
    found: dict[str, LaidOutImage] = {}
    with source.named():
        listed = layout.images(folder)
    for image in listed:
        if found.setdefault(image.platform, image).digest != image.digest:
            raise ImageError(
                f"{source.name} holds several images for {image.platform}",
                cause=f"{found[image.platform].digest} and {image.digest}",
                remedy="save one of them alone, and compare that",
            )
    if not found:
        with source.named():
            raise ImageError(
                f"{source.name} holds no image", cause="its index names none", remedy="airlock image"
            )
    return Images(source, found)


def _is_lock(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(len(lock_format.FIRST_LINE))
    return start == lock_format.FIRST_LINE.encode() or (path.suffix == ".lock" and path.stem in KINDS)


def _kind(path: Path) -> str:
    """Tell the kind of a lock by its header, for a copy may have any name. Raises LockError."""
    keys = {key for key, _ in lock_format.read(path).fields}
    if "suite" in keys:
        return "debian"
    return "airflow" if "glibc" in keys else "toolchain"


def _require_alike(first: Side, second: Side) -> None:
    if isinstance(first, Images) != isinstance(second, Images):
        kinds = ["an image" if isinstance(one, Images) else "locks" for one in (first, second)]
        raise ConfigError(
            "an image cannot be compared with locks",
            cause=f"{first.name} is {kinds[0]}, {second.name} is {kinds[1]}",
            remedy="airlock diff LAYOUT build/image, or: airlock diff git:HEAD .",
        )
    if (
        isinstance(first, LockSet)
        and isinstance(second, LockSet)
        and not set(first.kinds) & set(second.kinds)
    ):
        raise ConfigError(
            f"{first.name} and {second.name} are locks of different kinds",
            cause=f"{first.kinds[0]}.lock and {second.kinds[0]}.lock have no package in common",
            remedy=f"airlock diff {first.name} .",
        )


def _of_no_form(name: str, nature: str) -> ConfigError:
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    return ConfigError(
        f"{shown} cannot be compared: {nature}",
        cause=f"it may be:\n{FORMS}",
        remedy="airlock diff --help",
    )


def _nature(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "there is no such file or folder"
    except OSError as error:
        return f"{_UNREADABLE}: {error.strerror}"
    if stat.S_ISDIR(mode):
        return "it is a folder, but neither a layout nor a project with locks"
    return "it is a file of another kind"
