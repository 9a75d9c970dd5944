"""Bundles: the folders of DAGs to be checked, and which of their files."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from airlock.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

USUAL = "dags"


@dataclass(frozen=True)
class Bundle:
    """A folder that Airflow is to read DAGs from; `only`: paths in it to look at, None for all."""

    folder: Path  # absolute
    only: tuple[str, ...] | None = None

    def selects(self, path: str) -> bool:
        """Whether a path of the bundle is to be looked at; "", which stands for the bundle itself, always is."""
        if self.only is None or not path:
            return True
        return any(one in ("", path) or path.startswith(f"{one}/") for one in self.only)

    def prefix(self, project: Path) -> str:
        """Return what stands before a path of the bundle in a report, as `dags/`; "" for the project itself.

        A bundle outside the project is named from where the command was typed, or by its whole path.
        """
        for base in (project.absolute(), Path.cwd()):
            if self.folder.is_relative_to(base):
                inner = self.folder.relative_to(base).as_posix()
                return "" if inner == "." else f"{inner}/"
        return f"{self.folder.as_posix()}/"


def find(project: Path, dags: str, paths: Sequence[Path]) -> list[Bundle]:
    """Return the project's bundle, or what of it `paths` select; a path outside is a bundle of its own.

    `dags` is the configured folder, "" for the usual. Raises CheckError for what does not exist.
    """
    own = _own(project.absolute(), dags)
    if not paths:
        if not own.is_dir():
            raise CheckError(
                f"there is no folder of DAGs: {own}",
                cause="[tool.airlock.check] dags names it" if dags else f"{project} is no folder",
                remedy="airlock check FOLDER, or airlock --project DIR check",
            )
        return [Bundle(own)]
    found: dict[Path, Bundle] = {}
    for path in map(_existing, paths):
        folder, inner = _placed(own, path)
        before = found.get(folder, Bundle(folder, ()))
        found[folder] = replace(before, only=_joined(before.only, inner))
    return list(found.values())


def _own(project: Path, dags: str) -> Path:
    if dags:
        return Path(os.path.normpath(project / dags))
    return project / USUAL if (project / USUAL).is_dir() else project


def _existing(path: Path) -> Path:
    if not path.exists():
        raise CheckError(f"{path} does not exist", remedy="name a DAG file, or a folder of DAGs")
    return Path(os.path.normpath(path.absolute()))


def _placed(own: Path, path: Path) -> tuple[Path, str]:
    """Return the bundle that a path belongs to, and its path in there."""
    for base, place in ((own, path), (own.resolve(), path.resolve())):
        if own.is_dir() and place.is_relative_to(base):
            inner = place.relative_to(base).as_posix()
            return own, "" if inner == "." else inner
    return (path, "") if path.is_dir() else (path.parent, path.name)


def _joined(before: tuple[str, ...] | None, inner: str) -> tuple[str, ...] | None:
    """Add a path to a selection; the bundle's own folder selects all of it."""
    return None if before is None or not inner else tuple(dict.fromkeys((*before, inner)))


def within(bundle: Bundle, paths: Iterable[str]) -> Bundle:
    """Return the bundle with no more selected than these paths of it, and nothing but what was."""
    return replace(bundle, only=tuple(path for path in paths if bundle.selects(path)))


def is_python(path: str) -> bool:
    return PurePosixPath(path).suffix == ".py"
