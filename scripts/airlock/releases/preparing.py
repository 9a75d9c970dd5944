"""What is about to be published: the folder of DAGs as a manifest, read once, and checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import config as configuration
from airlock import git, later
from airlock.check import bundle
from airlock.errors import PublishError
from airlock.releases import tree as trees
from airlock.terminal import counted
from airlock_spec.releases.failures import RefusedError
from airlock_spec.releases.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def prepare(session: Session, wanted: Wanted) -> tuple[Tree, Manifest]:
    """Return the files of a release and its manifest.

    Raises PublishError for what must not be published, and what git, checking and reading the image raise.
    """
    top = _folder(session, wanted.dags)
    said = git.content(top)
    if said.dirty and wanted.require_clean:
        raise PublishError(
            f"{top} is not as its commit has it",
            cause=_listed(said.dirty),
            remedy="git add --all && git commit, or leave out --require-clean",
        )
    tree = trees.read(top, () if wanted.include_ignored else said.ignored)
    if not tree.files:
        raise PublishError(
            f"{top} is empty, and an empty release would take every DAG away",
            cause=f"git ignores {counted(len(tree.left_out), 'path')} of it"
            if tree.left_out
            else "it has no file",
            remedy="airlock sync --dags FOLDER, or --include-ignored",
        )
    checked = None
    if wanted.check:
        from airlock.releases import checking  # noqa: PLC0415 - much to import, for nothing with --no-check

        image = later.begin(lambda: checking.image(session, wanted.image))
        checking.check(session, tree, wanted.image)
        checked = image()
    try:
        return tree, Manifest(tree.files, checked, said.commit, dirty=bool(said.dirty))
    except RefusedError as error:
        raise PublishError(
            f"{top} cannot be a release",
            cause=str(error),
            remedy="rename these files, or let .gitignore name them",
        ) from error


def _folder(session: Session, named: str) -> Path:
    if named:
        return Path(os.path.normpath(Path(named).absolute()))
    config = configuration.of(session)
    return bundle.find(config.project, config.check.dags, ())[0].folder


def _listed(paths: Iterable[str]) -> str:
    lines = list(paths)
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return "\n".join([*lines[:_TOLD], *more])
