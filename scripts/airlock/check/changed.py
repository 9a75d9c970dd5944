"""`--changed-since`: the files of a bundle that a change can affect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from airlock import git
from airlock.check import imports
from airlock.check.bundle import is_python
from airlock.check.listing import IGNORE_FILE, UNREADABLE
from airlock.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from airlock.check.bundle import Bundle
    from airlock.check.listing import Listing
    from airlock.config import Config
    from airlock_spec.check.facts import Dependencies, File

# Of the project: what decides the image, and how DAGs are checked.
_OF_ALL = ("constraints", "image", "plugins", "operators", "pyproject.toml", "config")


def since(revision: str, folder: Path) -> set[Path]:
    """Return what differs between this work tree and where it left `revision`, what is untracked included.

    Paths are absolute. Raises CheckError outside of a git repository, or for an unknown revision.
    """
    root = Path(_git(folder, revision, "rev-parse", "--show-toplevel").strip())
    base = _git(folder, revision, "merge-base", "--", revision, "HEAD").strip()
    changed = _git(root, revision, "diff", "--name-only", "--no-renames", "-z", base, "--")
    new = _git(root, revision, "ls-files", "--others", "--exclude-standard", "-z")
    return {root / name for name in (changed + new).split("\0") if name}


def affected(
    changed: Iterable[Path], bundle: Bundle, listing: Listing, known: Iterable[File], config: Config
) -> tuple[str, ...] | None:
    """Return the paths of a bundle that a change can affect; None for all of it.

    A file of which nothing is known may read any other that is not Python.
    """
    folder = bundle.folder.resolve()
    names = _names(folder, listing)
    inner, outer = set(), set()
    for path in changed:
        place = path.resolve()
        inner |= names.get(place, set())
        if place.is_relative_to(folder):
            inner.add(place.relative_to(folder).as_posix())
        else:
            outer.add(place)
    if any(_concerns_all(path, config) for path in outer) or any(
        path.rpartition("/")[2] == IGNORE_FILE for path in inner
    ):
        return None
    sources = {
        path: (bundle.folder / path).read_bytes()
        for path, sha in listing.files.items()
        if is_python(path) and sha != UNREADABLE
    }
    found = imports.importers(sources, inner)
    recorded = {file.path: file.dependencies for file in known if file.dependencies}
    found |= {path for path, dependencies in recorded.items() if _touches(dependencies, inner)}
    if any(not is_python(path) for path in inner):
        found |= sources.keys() - recorded.keys()
    return tuple(sorted(path for path in found if path in listing.files))


def _names(folder: Path, listing: Listing) -> dict[Path, set[str]]:
    """Return the paths of a bundle by what they lead to: a file has several, or is outside, where there are links."""
    found: dict[Path, set[str]] = {}
    for path in listing.files:
        found.setdefault((folder / path).resolve(), set()).add(path)
    return found


def _concerns_all(path: Path, config: Config) -> bool:
    project = config.project.resolve()
    roots = [*(project / name for name in _OF_ALL), *(one.resolve() for one in config.distributions)]
    return any(path.is_relative_to(root) for root in roots)


def _touches(dependencies: Dependencies, changed: Collection[str]) -> bool:
    return any(path in dependencies.files for path in changed)


def _git(folder: Path, revision: str, *arguments: str) -> str:
    done = git.ask(folder, *arguments)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise CheckError(
            f"what changed since {revision} is not known",
            cause=said or f"{revision} and HEAD have no common commit here",
            remedy="name a commit that this clone holds (git fetch --unshallow), or check without --changed-since",
        )
    return done.stdout.decode(errors="surrogateescape")
