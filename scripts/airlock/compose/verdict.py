"""What can only be said of the whole image, said once for the same fragments and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.cache import Cache, key_of
from airlock.compose import collisions, libraries, machines, recipe
from airlock.compose.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airlock.compose.fragment import Facts
    from airlock.compose.fragments import Fragments, FragmentSpec
    from airlock.compose.layer import LayerPlan
    from airlock.platforms import Platform
    from airlock.terminal import Terminal

Lost = dict[str, frozenset[str]]  # by package, the paths that the configuration gives to another
Folders = dict[str, Entry]  # folders that are not plain, by path


@dataclass(frozen=True)
class Rules:
    """What the checks hold an image against."""

    platform: Platform
    owners: Mapping[str, str]  # path: the package that keeps it
    libraries: Mapping[str, str]  # soname: the Debian package that has it
    other_machines: tuple[str, ...] = ()  # patterns of paths that may be for another processor
    optional_libraries: tuple[str, ...] = ()  # patterns of sonames that may be missing


def settle(
    plan: Callable[[Lost], list[LayerPlan]], rules: Rules, pieces: Fragments, cache: Cache, terminal: Terminal
) -> tuple[list[LayerPlan], dict[str, Folders]]:
    """Make what is missing and check it; return the layers and, by layer, its folders that are not plain.

    Raises CollisionError, ForeignBinaryError, MissingLibraryError; ConfigError for an owner without its path.
    """
    layers = plan({})
    keys = [(part.name, [spec.key for spec in part.fragments]) for part in layers]
    key = key_of(
        recipe.of(recipe.CHECKS),
        rules.platform.name,
        keys,
        dict(rules.owners),
        rules.other_machines,
        rules.optional_libraries,
    )
    known = cache.read_json("checked", key)
    if known is not None:
        lost = {package: frozenset(paths) for package, paths in known["lost"].items()}
        folders = {name: [_folder(*item) for item in items] for name, items in known["folders"].items()}
        return (plan(lost) if lost else layers), _by_path(folders)
    facts = _facts(layers, pieces, terminal)
    lost = collisions.losers(facts, rules.owners)
    if lost:
        layers = plan(lost)
        facts = _facts(layers, pieces, terminal)
    collisions.require_none(facts)
    machines.require_one(facts, rules.platform, rules.other_machines)
    libraries.require_all(facts, rules.platform, rules.libraries, rules.optional_libraries)
    special = {item.path: item for one in facts for item in one.directories if not item.is_default_directory}
    folders = {part.name: _special_of(part, special, pieces) for part in layers}
    if not pieces.borrowed:  # what others say suffices for the image it is said of, and is not kept
        cache.write_json("checked", key, _verdict(lost, folders))
    return layers, _by_path(folders)


def _verdict(lost: Lost, folders: Mapping[str, list[Entry]]) -> dict[str, object]:
    return {
        "lost": {package: sorted(paths) for package, paths in lost.items()},
        "folders": {
            name: [(item.path, item.mode, item.uid, item.gid) for item in items]
            for name, items in folders.items()
        },
    }


def _special_of(part: LayerPlan, special: Folders, pieces: Fragments) -> list[Entry]:
    """Return the special folders that the layer holds or has paths below: it must write them alike."""
    needed = set().union(*(pieces.facts(spec).folders() for spec in part.fragments))
    return [special[path] for path in sorted(needed & special.keys())]


def _by_path(folders: Mapping[str, list[Entry]]) -> dict[str, Folders]:
    return {name: {item.path: item for item in items} for name, items in folders.items()}


def _folder(path: str, mode: int, uid: int, gid: int) -> Entry:
    return Entry(path, Kind.DIRECTORY, mode, uid, gid)


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
