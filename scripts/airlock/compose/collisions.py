"""A path belongs to one package, or to several that agree on it to the byte."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from airlock.errors import CollisionError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.compose.fragment import Facts, PathFact


def losers(fragments: Iterable[Facts], owners: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return, by package, the paths that it must leave to the owner that the configuration names.

    Raises ConfigError where an owner does not have its path: nobody would keep it.
    """
    if not owners:
        return {}
    fragments = list(fragments)
    held = {(fact.path, facts.package) for facts in fragments for fact in facts.paths}
    wrong = [
        f"/{path}: {package} has no such path"
        for path, package in owners.items()
        if (path, package) not in held
    ]
    if wrong:
        raise ConfigError(
            "[owners] in image/image.toml names packages that do not have the path",
            cause="\n".join(wrong),
            remedy="name a package that has it, or remove the line",
        )
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
    clashes += _below_no_folder(owner, folders)
    if clashes:
        raise CollisionError(
            f"{len(clashes)} paths are owned by two packages with different content",
            cause="\n".join(clashes[:20]),
            remedy='name the owner of each in image/image.toml, as: [owners] "/path" = "package"',
        )


def _below_no_folder(owner: Mapping[str, tuple[str, PathFact]], folders: Mapping[str, str]) -> list[str]:
    """Describe the paths that another package takes for a folder, though it is a file or a link."""
    clashes = [
        f"/{path}: a folder of {package}, no folder in {owner[path][0]}"
        for path, package in folders.items()
        if path in owner
    ]
    seen: set[str] = set()
    for path, (package, _) in owner.items():
        parent = posixpath.dirname(path)
        while parent and parent not in seen:
            seen.add(parent)
            if parent in owner:
                clashes.append(
                    f"/{path} of {package} lies below /{parent}, which is no folder in {owner[parent][0]}"
                )
            parent = posixpath.dirname(parent)
    return clashes
