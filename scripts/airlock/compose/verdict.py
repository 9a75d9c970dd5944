"""What can only be said of the whole image, said once for the same fragments and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.cache import Cache, key_of
from airlock.compose import collisions, libraries, recipe
from airlock.compose.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airlock.compose.fragment import Facts
    from airlock.compose.fragments import Fragments, FragmentSpec
    from airlock.compose.layer import LayerPlan
    from airlock.platforms import Platform
    from airlock.terminal import Terminal

Lost = dict[str, frozenset[str]]  # by package, the paths that the configuration gives to another
Folders = dict[str, Entry]  # the image's folders that are not plain, by path


@dataclass(frozen=True)
class Rules:
    """What the checks hold an image against."""

    platform: Platform
    owners: Mapping[str, str]  # path: the package that keeps it
    libraries: Mapping[str, str]  # soname: the Debian package that has it


def settle(
    plan: Callable[[Lost], list[LayerPlan]], rules: Rules, pieces: Fragments, cache: Cache, terminal: Terminal
) -> tuple[list[LayerPlan], Folders]:
    """Make what is missing and check it; return the layers, and the folders that are not plain.

    Raises CollisionError or MissingLibraryError.
    """
    layers = plan({})
    keys = [spec.key for spec in _specs(layers)]
    key = key_of(recipe.of(recipe.CHECKS), rules.platform.name, keys, dict(rules.owners))
    known = cache.read_json("checked", key)
    if known is not None:
        lost = {package: frozenset(paths) for package, paths in known["lost"].items()}
        folders = [Entry(path, Kind.DIRECTORY, mode, uid, gid) for path, mode, uid, gid in known["folders"]]
        return (plan(lost) if lost else layers), {item.path: item for item in folders}
    facts = _facts(layers, pieces, terminal)
    lost = collisions.losers(facts, rules.owners)
    if lost:
        layers = plan(lost)
        facts = _facts(layers, pieces, terminal)
    collisions.require_none(facts)
    libraries.require_all(facts, rules.platform, rules.libraries)
    folders = [item for one in facts for item in one.directories if not item.is_default_directory]
    cache.write_json(
        "checked",
        key,
        {
            "lost": {package: sorted(paths) for package, paths in lost.items()},
            "folders": [(item.path, item.mode, item.uid, item.gid) for item in folders],
        },
    )
    return layers, {item.path: item for item in folders}


def _facts(layers: Iterable[LayerPlan], pieces: Fragments, terminal: Terminal) -> list[Facts]:
    """Return the facts of every fragment, after making those that the cache lacks."""
    specs = _specs(layers)
    missing = pieces.missing(specs)
    if missing:
        title = f"composing {len(missing)} of {len(specs)} packages"
        with terminal.progress(title, sum(spec.weight for spec in missing), unit_bytes=True) as progress:
            pieces.prepare(missing, progress)
    return [pieces.facts(spec) for spec in specs]


def _specs(layers: Iterable[LayerPlan]) -> list[FragmentSpec]:
    return [spec for part in layers for spec in part.fragments]
