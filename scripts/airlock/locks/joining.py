"""Joins what locks to this machine: the user's indexes and mirror, uv, the store, the sandbox."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airlock import kept_trees
from airlock.debian import locking as debian_locking
from airlock.index.configuration import configured, uv_environment
from airlock.index.fetch import Wanted, fetch
from airlock.index.joining import THREADS, origin
from airlock.index.releases import Pages
from airlock.index.sdists import Releases
from airlock.index.simple import Finder
from airlock.index.sizes import sizes
from airlock.index.text import download
from airlock.index.web import Web
from airlock.locks.build_requirements import BuildRequirements
from airlock.locks.locking import Locking
from airlock.locks.sources import Sources
from airlock.locks.target import target
from airlock.locks.uv import UvProgram, shared
from airlock.platforms import native
from airlock.sdists.build import Builder
from airlock.store import Store
from airlock.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.config import Config
    from airlock.locks.debian import DebianLock
    from airlock.locks.intent import Asked, Intent
    from airlock.locks.locking import Upgrade
    from airlock.places import Places

_SHOWN = 5_000_000  # bytes that take long enough to be told of


def locking(config: Config, places: Places, wanted: Intent, upgrade: Upgrade, terminal: Terminal) -> Locking:
    """Return one run of `airlock lock`. Raises ConfigError where the user's indexes cannot be used."""

    def debs(asked: tuple[tuple[str, str], ...], previous: DebianLock | None, upgrade: Upgrade) -> DebianLock:
        moving = debian_locking.Upgrade(upgrade.everything, upgrade.names)
        return debian_locking.lock_debian(config, places, asked, previous, moving, terminal)

    indexes = configured(config.project)
    uv, shared_uv = (UvProgram(uv_environment(chosen), places.trees) for chosen in (indexes, shared(indexes)))
    web = Web(indexes, THREADS)
    pages = Pages(web, indexes)
    return Locking(
        config,
        wanted,
        upgrade,
        debs,
        uv,
        shared_uv,
        terminal,
        lambda urls: sizes(web, urls),
        pages.releases,
        sources=lambda root: _sources(
            config, places, Releases(Finder(web, indexes)), wanted.build, root, terminal
        ),
        download=lambda url: download(web, url),
        yanked=pages.yanked,
    )


@contextmanager
def _sources(
    config: Config,
    places: Places,
    releases: Releases,
    limits: tuple[Asked, ...],
    root: DebianLock,
    terminal: Terminal,
) -> Iterator[Sources]:
    """Make ready to build source distributions, with the packages of `root` around."""
    debs, store = root.for_platform(native()), Store(places.store)
    there = functools.cache(lambda: origin(config))

    def fetched(files: Sequence[Wanted]) -> None:
        wanted = [*files, *(Wanted(deb.file, deb.package, deb) for deb in debs)]
        size = sum(file.size for file in store.missing(one.file for one in wanted))
        fetch(wanted, places, there, terminal if size > _SHOWN else Terminal(quiet=True))

    with (
        kept_trees.temporary(places.trees) as folder,
        Builder(debs, "{}.{}".format(*target(root).python_minor), store, places) as builder,
    ):
        platforms = tuple(dict.fromkeys((*config.locked_platforms, native())))  # this one builds
        requirements = BuildRequirements(limits, platforms, fetched)
        yield Sources(releases, builder, requirements, store, folder, terminal)
