"""What is about to be published: the folder of DAGs as a manifest, read once, and checked."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import config as configuration
from airlock import git
from airlock.cache import Cache
from airlock.check import bundle
from airlock.errors import PublishError
from airlock.releases import tree as trees
from airlock.releases.hashed import Hashes
from airlock.terminal import counted
from airlock_spec.releases.failures import RefusedError
from airlock_spec.releases.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.cli import Session
    from airlock.releases.tree import Tree

_TOLD = 10


@dataclass(frozen=True)
class Wanted:
    """What is to be published: `dags` "" for the project's folder, `image` "" for the project's image."""

    dags: str = ""
    image: str = ""
    check: bool = True
    require_clean: bool = False
    include_ignored: bool = False


def read(session: Session, wanted: Wanted) -> tuple[Tree, Manifest]:
    """Return the files of a release, and its manifest as of what nobody checked.

    Raises PublishError for what must not be published, and what git raises.
    """
    top = _folder(session, wanted.dags)
    said = git.content(top)
    hashes = Hashes(Cache(session.places.cache), top)
    tree = trees.read(top, () if wanted.include_ignored else said.ignored, hashes)
    dirty = [*said.dirty, *(_published(tree, said.ignored) if wanted.include_ignored else ())]
    if dirty and wanted.require_clean:
        raise PublishError(
            f"{top} is not as its commit has it",
            cause=_listed(dirty),
            remedy="git add --all && git commit, or leave out --require-clean",
        )
    _require_dags(tree)
    try:
        return tree, Manifest(tree.files, None, said.commit, dirty=bool(dirty))
    except RefusedError as error:
        raise PublishError(
            f"{top} cannot be a release",
            cause=str(error),
            remedy="rename these files, or let .gitignore name them",
        ) from error


def of_image(session: Session, wanted: Wanted, manifest: Manifest) -> Manifest:
    """Return the manifest as of what was checked in the image. Raises what reading the image raises."""
    from airlock.releases import checking  # noqa: PLC0415 - much to import, for nothing with --no-check

    return replace(manifest, checked=checking.image(session, wanted.image))


def check(session: Session, wanted: Wanted, tree: Tree) -> None:
    """Check the DAGs. Raises PublishError where they do not pass, and what checking raises."""
    from airlock.releases import checking  # noqa: PLC0415 - as above

    checking.check(session, tree, wanted.image)


def _published(tree: Tree, ignored: Iterable[str]) -> list[str]:
    """Return the files of a release that git ignores: its commit has none of them."""
    named = set(ignored)
    return [file.path for file in tree.files if not named.isdisjoint(_around(file.path))]


def _around(path: str) -> Iterator[str]:
    """Yield a path and the folders that it is in."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _require_dags(tree: Tree) -> None:
    """Raise PublishError where no file is one that Airflow looks for DAGs in: Python, and zip archives."""
    if any(file.path.endswith(".py") for file in tree.files):
        return
    if any(zipfile.is_zipfile(tree.top / file.path) for file in tree.files):
        return
    left_out = f", and {counted(len(tree.left_out), 'path')} left out" if tree.left_out else ""
    raise PublishError(
        f"{tree.top} has no DAG, and such a release would take every DAG away",
        cause=f"it has {counted(len(tree.files), 'file')}, none of Python{left_out}",
        remedy="airlock sync --dags FOLDER, or --include-ignored",
    )


def _folder(session: Session, named: str) -> Path:
    if named:
        return Path(os.path.normpath(Path(named).absolute()))
    config = configuration.of(session)
    return bundle.find(config.project, config.check.dags, ())[0].folder


def _listed(paths: Iterable[str]) -> str:
    lines = list(paths)
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return "\n".join([*lines[:_TOLD], *more])
