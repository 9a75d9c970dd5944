"""The locks of a project as a git revision has them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import git
from airlock.difference.locks import KINDS
from airlock.errors import CommandError, ConfigError, LockError
from airlock.locks import airflow, debian, toolchain
from airlock.locks.files import Locks

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "git:"


def locks_at(revision: str, project: Path) -> Locks:
    """Read `constraints/*.lock` of the project at a revision; None for one that was not there.

    Raises ConfigError where the project is in no git repository or the revision is unknown, LockError.
    """
    commit = _commit(revision, project)
    listed = _git(project, "ls-tree", "-z", "--name-only", commit, "--", "constraints/").decode()
    with tempfile.TemporaryDirectory(prefix="airlock-diff-") as folder:
        paths = {}
        for name in (
            name for name in listed.split("\0") if Path(name).stem in KINDS and name.endswith(".lock")
        ):
            path = Path(folder) / Path(name).name
            path.write_bytes(_git(project, "show", f"{commit}:./{name}"))
            paths[path.stem] = path
        try:
            return locks_in(paths)
        except LockError as error:
            named = f"{PREFIX}{revision}:constraints"
            raise LockError(
                error.fact.replace(folder, named),
                cause=error.cause,
                remedy=f"git log {revision} -- constraints/, and name a revision that this version can read",
            ) from error


def locks_in(paths: Mapping[str, Path]) -> Locks:
    """Read locks by their kind. Raises LockError."""
    return Locks(
        debian=debian.read(paths["debian"]) if "debian" in paths else None,
        airflow=airflow.read(paths["airflow"]) if "airflow" in paths else None,
        toolchain=toolchain.read(paths["toolchain"]) if "toolchain" in paths else None,
    )


def _commit(revision: str, project: Path) -> str:
    if not project.is_dir():
        raise ConfigError(f"{project} is no folder", remedy="name the project's: airlock --project DIR diff")
    inside = git.ask(project, "rev-parse", "--git-dir")
    if inside.returncode:
        raise ConfigError(
            f"{PREFIX}{revision} cannot be read: git finds no repository around {project}",
            cause=inside.stderr.decode(errors="replace").strip(),
            remedy="name two lock files, projects or images instead: airlock diff A B",
        )
    found = git.ask(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode or not revision:
        remote, slash, branch = revision.partition("/")
        fetch = f"git fetch {remote} {branch}" if slash else "git fetch --all, or git log --oneline"
        raise ConfigError(
            f"{PREFIX}{revision} cannot be read: the repository of {project} has no such revision",
            cause="no commit of this name is here; a shallow clone holds only what was fetched",
            remedy=f"{fetch}, then again",
        )
    return found.stdout.decode().strip()


def _git(project: Path, *arguments: str) -> bytes:
    done = git.ask(project, *arguments)
    if done.returncode:
        raise CommandError(
            f"git {arguments[0]} failed with exit code {done.returncode}",
            cause=done.stderr.decode(errors="replace").strip(),
            remedy=f"git fsck, in {project}",
        )
    return done.stdout
