"""A path belongs to one package, or to several that agree on it to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Kind
from airlock.errors import CollisionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.compose.fragment import Facts, PathFact


def losers(fragments: Iterable[Facts], owners: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return, by package, the paths that it must leave to the owner that the configuration names."""
    return {
        facts.package: lost
        for facts in fragments
        if (
            lost := frozenset(
                fact.path for fact in facts.paths if owners.get(fact.path, facts.package) != facts.package
            )
        )
    }


def require_none(fragments: Iterable[Facts]) -> None:
    """Raise CollisionError, naming every path that two packages fill differently."""
    owner: dict[str, tuple[str, PathFact]] = {}
    clashes: list[str] = []
    folders: dict[str, str] = {}
    for facts in fragments:
        for item in facts.directories:
            folders.setdefault(item.path, facts.package)
        for fact in facts.paths:
            first, known = owner.setdefault(fact.path, (facts.package, fact))
            if known.identity != fact.identity:
                clashes.append(f"/{fact.path}: {first} and {facts.package}")
    links = {path: package for path, (package, fact) in owner.items() if fact.kind is Kind.SYMLINK}
    files = {path: package for path, (package, fact) in owner.items() if fact.kind is not Kind.SYMLINK}
    for path, (package, _) in owner.items():
        if path in folders:
            clashes.append(f"/{path}: a folder of {folders[path]}, no folder in {package}")
        for parent in entry.parents(path):
            if parent in links or parent in files:
                holder = links.get(parent) or files.get(parent)
                clashes.append(f"/{path} of {package} lies below /{parent}, which is no folder in {holder}")
    if clashes:
        raise CollisionError(
            f"{len(clashes)} paths are owned by two packages with different content",
            cause="\n".join(clashes[:20]),
            remedy='name the owner of each in image/image.toml, as: [owners] "/path" = "package"',
        )
