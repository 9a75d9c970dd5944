"""What `airlock init` writes: planned and checked as a whole, then written, pyproject.toml last."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from airlock import writing
from airlock.errors import InitError, StorageError
from airlock.projects import template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from airlock.projects.template import NewFile, Wishes

_PYPROJECT = "pyproject.toml"
_GITIGNORE = ".gitignore"
_DAGS = "dags"
_LOCKS_OWN = "constraints/constraints.txt"  # `airlock lock` writes it, whatever is there
_LONGEST = 64  # characters of an image's name; a reference has at most 255


class How(Enum):
    """What becomes of a file."""

    WRITTEN = "written"
    EXTENDED = "extended"  # lines are added at its end
    KEPT = "kept"  # it is there, and stays as it is


@dataclass(frozen=True)
class Planned:
    """A file as it will be; `path` is relative to the project's folder."""

    path: str
    how: How
    content: bytes = b""
    mode: int = 0o644


class Writer(Protocol):
    """Puts the planned files below a folder; the dry run's does nothing."""

    def __call__(self, root: Path, planned: Sequence[Planned], /) -> None: ...


def refuse_a_project(root: Path) -> None:
    """Raise InitError where the folder is no folder, or an airlock project already."""
    if root.exists() and not root.is_dir():
        raise InitError(f"{root} is not a folder", remedy="name another one: airlock init FOLDER")
    tool = _document(root).get("tool", {})
    if isinstance(tool, dict) and "airlock" in tool:
        raise InitError(
            f"{root} is an airlock project already",
            cause=f"its {_PYPROJECT} has [tool.airlock]",
            remedy="airlock lock && airlock image",
        )


def plan(root: Path, wanted: Wishes) -> list[Planned]:
    """Return what becomes of every file. Raises InitError with everything that stands in the way."""
    files = template.files(wanted)
    if not os.path.lexists(root / _DAGS):
        files.append(template.dag())
    problems = [
        problem
        for path in (*(file.path for file in files), _GITIGNORE, _PYPROJECT)
        for problem in _blocked(root, path)
    ]
    if os.path.lexists(root / _LOCKS_OWN):
        problems.append(f"{_LOCKS_OWN} is a file that `airlock lock` writes, over what is there")
    if problems:
        raise InitError(
            f"{root} has no place for a project",
            cause="\n".join(dict.fromkeys(problems)),
            remedy="move these away or give permission, or name another folder: airlock init FOLDER",
        )
    planned = [_new(root, file) for file in files]
    return [*planned, _gitignore(root), _pyproject(root, template.table(wanted))]


def write(root: Path, planned: Sequence[Planned]) -> None:
    """Write the files. Raises StorageError where one cannot be, after removing what was written before it."""
    new_folders = {
        parent for file in planned for parent in (root / file.path).parents if not os.path.lexists(parent)
    }
    written: list[Path] = []
    try:
        for file in planned:
            if file.how is not How.KEPT:
                with writing.replacing(root / file.path, file.mode) as stream:
                    stream.write(file.content)
                if file.how is How.WRITTEN:
                    written.append(root / file.path)
    except BaseException as error:
        _remove(written, new_folders)
        if not isinstance(error, OSError):
            raise
        raise StorageError(
            f"{root} cannot be written to",
            cause=str(error),
            remedy="make room or give permission there, or name another folder: airlock init FOLDER",
        ) from error


def _remove(files: Iterable[Path], folders: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
    for path in sorted(folders, reverse=True):  # the deepest first
        with contextlib.suppress(OSError):  # never made, or somebody else's by now
            path.rmdir()


def write_nothing(root: Path, planned: Sequence[Planned]) -> None:
    """Take the place of `write` in a dry run."""


def _new(root: Path, file: NewFile) -> Planned:
    if os.path.lexists(root / file.path):
        return Planned(file.path, How.KEPT)
    return Planned(file.path, How.WRITTEN, file.content.encode(), 0o755 if file.program else 0o644)


def _gitignore(root: Path) -> Planned:
    before = _read(root / _GITIGNORE)
    there = before.decode(errors="replace").splitlines()
    missing = [
        line for line in template.ignored() if not {line, line.strip("/"), line.lstrip("/")} & set(there)
    ]
    return _extended(root, _GITIGNORE, before, "".join(f"{line}\n" for line in missing))


def _pyproject(root: Path, table: str) -> Planned:
    """Add the table at the end, where it disturbs nothing. Raises InitError where TOML would not have it."""
    before = _read(root / _PYPROJECT)
    planned = _extended(root, _PYPROJECT, before, ("\n" if before else "") + table)
    try:
        tool = tomllib.loads(planned.content.decode())["tool"]
    except tomllib.TOMLDecodeError as error:
        tool, reason = None, str(error)
    else:
        reason = "tool is no table in it"
    if not isinstance(tool, dict):
        raise InitError(
            f"[tool.airlock] cannot be added to {root / _PYPROJECT}",
            cause=reason,
            remedy="write what it has of tools as tables, [tool.NAME], then run this again",
        )
    return planned


def _extended(root: Path, name: str, before: bytes, addition: str) -> Planned:
    """Return the file with lines added, ended as its own lines are; its mode stays."""
    if not before:
        return Planned(name, How.WRITTEN, addition.encode())
    if not addition.strip():
        return Planned(name, How.KEPT)
    newline = "\r\n" if b"\r\n" in before else "\n"
    start = b"" if before.endswith(b"\n") else newline.encode()
    content = before + start + addition.replace("\n", newline).encode()
    return Planned(name, How.EXTENDED, content, stat.S_IMODE((root / name).stat().st_mode))


def _blocked(root: Path, path: str) -> Iterator[str]:
    """Say why a file cannot be at a path: folders that are none, that lead outside, that cannot be written to."""
    place, is_there = root / path, os.path.lexists(root / path)
    is_added_to = path in {_PYPROJECT, _GITIGNORE}
    nearest = next(parent for parent in place.parents if os.path.lexists(parent))
    shown = nearest.relative_to(root).as_posix() if nearest.is_relative_to(root) else str(nearest)
    if not nearest.is_dir():
        yield f"{shown} is in the place of a folder"
    elif nearest.is_relative_to(root) and not nearest.resolve().is_relative_to(root.resolve()):
        yield f"{shown} leads outside the project's folder"
    elif is_there and not place.is_file():
        yield f"{path} is in the place of a file"
    elif (is_added_to or not is_there) and not os.access(nearest, os.W_OK | os.X_OK):
        yield f"{shown} cannot be written to"
    elif is_added_to and place.is_symlink():
        yield f"{path} is a symlink, and lines would be added to it"


def _document(root: Path) -> dict[str, object]:
    """Read pyproject.toml. Raises InitError where it is no TOML."""
    path = root / _PYPROJECT
    try:
        return tomllib.loads(_read(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, IsADirectoryError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InitError(
            f"{path} cannot be read", cause=reason, remedy="mend it, then run this again"
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def image_name(root: Path) -> str:
    """Return a name for the image after the folder, as a reference may be; nothing where none can be made."""
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")
    return f"{name[:_LONGEST]}/airflow" if name else ""
