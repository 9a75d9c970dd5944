"""The commit that an image was made from, as this clone has it: what its files are, and its tree elsewhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from airlock import git
from airlock.errors import CommandError, UntrustedError

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.papers.provenance import Provenance


def require_commit(project: Path, promise: Provenance) -> None:
    """Raise UntrustedError where the commit of a provenance is not here, or holds other files than it names.

    Raises ConfigError where the project is in no git repository.
    """
    if git.commit(project, promise.commit) != promise.commit:
        raise UntrustedError(
            f"the commit {promise.commit} is not in the repository of {project}",
            cause="the image's provenance names it; a shallow clone holds only what was fetched",
            remedy=f"git fetch origin {promise.commit}, then again; or clone the repository that it is in",
        )
    prefix = f"{promise.folder}/" if promise.folder else ""
    differing = []
    for name, promised in sorted(promise.files.items()):
        content = git.blob(project, promise.commit, prefix + name)
        if content is None:
            differing.append(f"{name} is not in it")
        elif hashlib.sha256(content).hexdigest() != promised:
            differing.append(f"{name} has another sha256 there")
    if differing:
        raise UntrustedError(
            f"the commit {promise.commit} does not hold what the image's provenance names",
            cause="\n".join(differing),
            remedy="the image was made from other files; push it anew from a commit",
        )


def check_out(project: Path, commit: str, target: Path) -> None:
    """Make `target` the tree of a commit; the repository, its index and its work trees stay as they are.

    It is a repository of its own that borrows the objects, so that attributes and filters work as in any clone.
    Raises CommandError.
    """
    objects = _told(project, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    kind = _told(project, "rev-parse", "--show-object-format")
    target.mkdir(parents=True)
    _told(target, "init", "--quiet", "--template=", f"--object-format={kind}", apart=True)
    alternates = target / ".git" / "objects" / "info" / "alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    alternates.write_text(f"{objects}\n")
    # somebody's own hooks would run here, too
    _told(target, "-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "--detach", commit, apart=True)


def _told(folder: Path, *arguments: str, apart: bool = False) -> str:
    done = git.ask(folder, *arguments, apart=apart)
    if done.returncode:
        raise CommandError(
            f"git {next(one for one in arguments if not one.startswith(('-', 'core.')))} failed in {folder}",
            cause=done.stderr.decode(errors="replace").strip(),
            remedy="git fsck, in the repository of the project",
        )
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")
