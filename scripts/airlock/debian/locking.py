"""Makes `debian.lock`: the closure of debian.in, for every platform, from what Debian signed."""

from __future__ import annotations

import lzma
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock.cache import Cache
from airlock.debian import closure, libraries, requirements, signature, sources
from airlock.debian.packages import Universe, without_rebuild
from airlock.debian.release import Archive
from airlock.debian.transport import Http
from airlock.errors import CorruptError, FetchError, ResolveError
from airlock.locks.debian import DebianLock, LockedDeb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.config import Config
    from airlock.debian.libraries import Libraries
    from airlock.debian.packages import Package
    from airlock.debian.release import Release
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.terminal import Terminal


@dataclass(frozen=True)
class Upgrade:
    """Which locked packages may move: all, or those named and what is built from the same source."""

    everything: bool = False
    packages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Indexes:
    """The signed indexes of a suite, its updates and its security updates."""

    archive: Archive
    releases: tuple[Release, ...]
    cache: Cache

    def universe(self, platform: Platform) -> Universe:
        path = f"main/binary-{platform.debian}/Packages.xz"
        return Universe(
            (release.archive, lzma.decompress(self.archive.index(release, path))) for release in self.releases
        )

    def libraries(self, platform: Platform, universe: Universe) -> Libraries:
        """Return which package holds which library: a hint for messages, so the lock does not fail for it."""
        main, path = self.releases[0], f"main/Contents-{platform.debian}.gz"
        file = main.files.get(path)
        if file is not None:
            try:
                return libraries.cached(
                    self.cache,
                    file.sha256,
                    platform.multiarch,
                    lambda: self.archive.index(main, path),
                )
            except (FetchError, CorruptError) as error:
                self.archive.terminal.say(
                    f"warning: {error.fact}; packages of libraries are told by Debian's naming"
                )
        return libraries.from_names(frozenset(universe.names))


def lock_debian(
    config: Config,
    places: Places,
    intent: Sequence[tuple[str, str]],
    previous: DebianLock | None,
    upgrade: Upgrade,
    terminal: Terminal,
    *,
    archive: Archive | None = None,
) -> DebianLock:
    """Resolve (source, line) pairs of debian.in for every platform of the configuration.

    Locked versions stay while the suite has them, unless `upgrade` lets them move. Where no package moves
    the previous lock's date stays too, so that an unchanged project keeps an unchanged lock.
    Raises ResolveError, FetchError, CorruptError, and ConfigError for lines that cannot be read.
    """
    wanted = requirements.parse(intent)
    archive = archive or _host_archive(config, places, terminal)
    indexes = Indexes(archive, _releases(config.debian_suite, archive), Cache(places.cache))
    chosen: dict[Platform, tuple[Package, ...]] = {}
    hints: Libraries = ()
    for platform in config.locked_platforms:
        universe = indexes.universe(platform)
        here = [one for one in wanted if one.on(platform)]
        chosen[platform] = _close(
            universe, here, _kept(previous, config, platform, universe, upgrade), terminal
        )
        hints = hints or indexes.libraries(platform, universe)
    _require_equal(chosen)
    lock = DebianLock(
        suite=config.debian_suite,
        platforms=tuple(platform.name for platform in config.locked_platforms),
        indexes=tuple(str(release) for release in indexes.releases),
        intent=tuple(intent),
        libraries=hints,
        debs=tuple(sorted(_locked(package, platform) for platform in chosen for package in chosen[platform])),
    )
    return previous if previous and lock == replace(previous, indexes=lock.indexes) else lock


def _host_archive(config: Config, places: Places, terminal: Terminal) -> Archive:
    verifier = signature.host_keyring()
    found = sources.find(config)
    return Archive(found, Http(dict(found.proxies)), verifier, places.downloads, terminal, datetime.now(UTC))


def _releases(suite: str, archive: Archive) -> tuple[Release, ...]:
    return (
        archive.release(sources.MAIN, suite),
        archive.release(sources.MAIN, f"{suite}-updates"),
        archive.release(sources.SECURITY, f"{suite}-security"),
    )


def _kept(
    previous: DebianLock | None,
    config: Config,
    platform: Platform,
    universe: Universe,
    upgrade: Upgrade,
) -> dict[str, str]:
    """Return the locked versions to prefer: of this platform or, where it is new, of any other."""
    if previous is None or upgrade.everything or previous.suite != config.debian_suite:
        return {}
    free = {universe.source(name) for name in upgrade.packages}
    locked = sorted(previous.debs, key=lambda deb: deb.platform == platform.name)
    return {deb.package: deb.version for deb in locked if universe.source(deb.package) not in free}


def _close(
    universe: Universe,
    wanted: Sequence[requirements.Wanted],
    keep: Mapping[str, str],
    terminal: Terminal,
) -> tuple[Package, ...]:
    try:
        return closure.close(universe, wanted, keep)
    except ResolveError:
        if not keep:
            raise
    result = closure.close(universe, wanted, {})
    terminal.say(
        "note: the locked Debian packages do not fit together any more; all take their newest versions"
    )
    return result


def _require_equal(chosen: Mapping[Platform, Sequence[Package]]) -> None:
    """Raise ResolveError where platforms differ in a version, but for rebuilds of one of them alone."""
    versions: dict[str, dict[str, str]] = {}
    for platform, packages in chosen.items():
        for package in packages:
            versions.setdefault(package.name, {})[platform.name] = package.version
    skewed = [
        f"{name}: {', '.join(f'{version} for {platform}' for platform, version in found.items())}"
        for name, found in sorted(versions.items())
        if len({without_rebuild(one) for one in found.values()}) > 1
    ]
    if skewed:
        raise ResolveError(
            "the suite has different versions for the platforms",
            cause="\n".join(skewed),
            remedy="a build is not ready yet: lock again in some hours, or ask for the older one (`name=version`)",
        )


def _locked(package: Package, platform: Platform) -> LockedDeb:
    return LockedDeb(
        package=package.name,
        version=package.version,
        platform=platform.name,
        architecture=package.architecture,
        archive=package.archive,
        filename=package.filename,
        size=package.size,
        sha256=package.sha256,
    )
