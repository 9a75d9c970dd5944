"""What `airlock lock` does: Debian first, whose Python decides the wheels; nothing is written before the end."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from airlock.locks import (
    build,
    constraints,
    intent,
    moves,
    refusal,
    resolver,
    staleness,
    tiers,
    toolchain,
)
from airlock.locks.files import Locks
from airlock.locks.job import Job
from airlock.locks.target import target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.build import BuildLock
    from airlock.locks.constraints import Constraints
    from airlock.locks.debian import DebianLock
    from airlock.locks.intent import Intent
    from airlock.locks.sources import Sources
    from airlock.locks.target import Target
    from airlock.locks.toolchain import ToolchainLock
    from airlock.locks.uv import Uv
    from airlock.terminal import Terminal


@dataclass(frozen=True)
class Upgrade:
    """What may move to newer versions: everything, or the names; `now` (RFC 3339) is its date."""

    now: str
    everything: bool = False
    names: frozenset[str] = frozenset()

    def concerns(self, known: Iterable[str]) -> bool:
        return self.everything or not self.names.isdisjoint(known)

    def bound(self, known: Iterable[str], resolved: str | None) -> str:
        """Return the instant to resolve as of: a lock keeps its own until something in it is upgraded."""
        if resolved and resolved.startswith(resolver.AS_OF) and not self.concerns(known):
            return resolved.removeprefix(resolver.AS_OF)
        return self.now


class OpensSources(Protocol):
    """Makes ready to build with these Debian packages around; the real one is in airlock.locks.joining."""

    def __call__(self, root: DebianLock, /) -> AbstractContextManager[Sources]: ...


class DebianResolver(Protocol):
    """Resolves debian.in; the real one asks the mirror (airlock.debian.locking)."""

    def __call__(
        self, intent: tuple[tuple[str, str], ...], previous: DebianLock | None, upgrade: Upgrade, /
    ) -> DebianLock: ...


@dataclass(frozen=True)
class Locking:
    """One run of `airlock lock`; a lock that already answers the intent is kept as it is, without network."""

    config: Config
    wanted: Intent
    upgrade: Upgrade
    debs: DebianResolver
    uv: Uv
    toolchain_uv: Uv  # asks no folder of this machine
    terminal: Terminal
    sizes: Callable[[Sequence[str]], Mapping[str, int]] = lambda _: {}  # as Job.sizes
    releases: Callable[[Sequence[str]], Mapping[str, Sequence[datetime]]] = lambda _: {}  # when each came
    sources: OpensSources | None = None  # without it, wheels alone count
    retier: bool = False  # find the stability tiers anew
    download: Callable[[str], bytes] = lambda _: b""  # of the constraints' URL
    yanked: refusal.Yanked = lambda _: {}  # file name → reason, by package
    allow: refusal.Allowances = field(default_factory=refusal.Allowances)

    def resolve(self, before: Locks) -> Locks:
        """Return the locks that answer the intent.

        Raises ResolveError, FetchError, LockError, BuildError; UnwantedVersionError for what nobody allowed.
        """
        debs = self._debian(before.debian)
        debian_build = self._debian_build(before.debian_build, debs)
        root = debian_build or debs
        python, built = self._airflow(before.airflow, before.build, debs, root)
        after = Locks(debs, python, self._toolchain(before.toolchain), debian_build, built)

        def why_not(name: str, version: str) -> str:
            assert before.airflow
            job = self._job(target(debs), python)
            with self.sources(root) if self.sources else nullcontext() as sources:
                if sources and built:
                    sources.adopt(python, built)
                job = replace(job, sources=sources)
                return refusal.why_not(job, self.config.locked_platforms, before.airflow, name, version)

        return refusal.settled(before, after, self.allow, self.yanked, why_not)

    def _debian(self, old: DebianLock | None) -> DebianLock:
        if (
            old is None
            or self.upgrade.concerns(moves.debian_versions(old))
            or staleness.debian_changes(old, self.wanted, self.config)
        ):
            return self.debs(intent.pairs(self.wanted.debian), old, self.upgrade)
        return old

    def _debian_build(self, old: DebianLock | None, image: DebianLock) -> DebianLock | None:
        """Lock what builds need beside the image's packages, which keep their versions where they can."""
        if not self.wanted.debian_build:
            return None
        if (
            old is None
            or self.upgrade.concerns(moves.debian_versions(old))
            or staleness.debian_build_changes(old, self.wanted, self.config)
        ):
            asked = intent.pairs((*self.wanted.debian, *self.wanted.debian_build))
            return self.debs(asked, old or image, self.upgrade)
        return old

    def _airflow(
        self, old: AirflowLock | None, old_build: BuildLock | None, debs: DebianLock, root: DebianLock
    ) -> tuple[AirflowLock, BuildLock | None]:
        versions = moves.airflow_versions(old)
        concerned = self.upgrade.concerns(versions)
        changes = staleness.airflow_changes(old, debs, self.wanted, self.config) if old else ["it is new"]
        same_builds = old_build is not None and not staleness.build_changes(old_build, root, self.wanted)
        built = old is not None and any(one.source for one in old.packages)
        if old and not concerned and not changes and (same_builds or not built):
            return (self._tiered(old, None) if self.retier else old), (old_build if built else None)
        image = target(debs)
        bound = self.upgrade.bound(versions, old.resolved if old else None)
        kept_versions = {} if self.upgrade.everything else versions
        names = ", ".join(platform.name for platform in self.config.locked_platforms)
        self.terminal.say(f"Resolving Airflow for {names}, CPython {image.python}, as of {bound} …")
        within = self._within(image)
        if within:
            others = old and old.constraints not in ("", within.record)
            self.terminal.say(
                f"  within the constraints of {within.name}{', other than before' if others else ''}"
            )
        job = Job(self.wanted.airflow, image, kept_versions, bound, self.uv, self.upgrade.names, self.sizes)
        if within:
            job = replace(job, kept=within.allowing(kept_versions), limits=within.limits)
        lock, build_lock = self._resolved(job, root, old, old_build if same_builds else None)
        lock = replace(lock, constraints=within.record if within else "")
        if lock.resolved == resolver.NO_BOUND:
            self.terminal.say(f"  resolved {resolver.NO_BOUND}")
        return self._tiered(lock, None if self.retier else old), build_lock

    def _resolved(
        self, job: Job, root: DebianLock, old: AirflowLock | None, old_build: BuildLock | None
    ) -> tuple[AirflowLock, BuildLock | None]:
        if self.sources is None:
            return resolver.resolve(job, self.config.locked_platforms), None
        with self.sources(root) as sources:
            if old and old_build:
                sources.adopt(old, old_build)
            if old:
                sources.build_again(job, old)
            lock = resolver.resolve(replace(job, sources=sources), self.config.locked_platforms)
            lock = sources.complete(lock)
            return lock, sources.lock(lock, build.root_of(root))

    def _within(self, image: Target) -> Constraints | None:
        """Read the constraints to stay within, if the project has any."""
        source = constraints.source(self.config, self.wanted.airflow, image)
        if source is None:
            return None
        return constraints.read(source, self.download)

    def _job(self, image: Target, lock: AirflowLock) -> Job:
        """Return the resolution that a lock answers, free to choose anew."""
        within = self._within(image)
        bound = None if lock.resolved == resolver.NO_BOUND else lock.resolved.removeprefix(resolver.AS_OF)
        return Job(self.wanted.airflow, image, {}, bound, self.uv, limits=within.limits if within else ())

    def _tiered(self, lock: AirflowLock, old: AirflowLock | None) -> AirflowLock:
        """Give each package its tier: the one it has, that its layer stays, or one by its releases so far."""
        known = {one.name: one.tier for one in old.packages if one.tier is not None} if old else {}
        unknown = [one.name for one in lock.packages if one.name not in known]
        if unknown:
            bound = lock.resolved.removeprefix(resolver.AS_OF)
            at = datetime.fromisoformat(self.upgrade.now if bound == resolver.NO_BOUND else bound)
            dates = self.releases(unknown)
            known |= {name: tiers.tier_of(dates.get(name, ()), at) for name in unknown}
            if dateless := len(unknown) - len(dates):
                self.terminal.say(
                    f"  {dateless} packages get the middle stability tier: no index gives their dates"
                )
        return replace(lock, packages=tuple(replace(one, tier=known[one.name]) for one in lock.packages))

    def _toolchain(self, old: ToolchainLock | None) -> ToolchainLock | None:
        asked = self.wanted.toolchain
        if not asked:
            return None
        versions = old.versions if old else {}
        if old and not self.upgrade.concerns(versions) and not staleness.asked_changes(old.intent, asked):
            return old
        bound = self.upgrade.bound(versions, old.resolved if old else None)
        self.terminal.say(
            f"Resolving the toolchain, CPython {toolchain.OLDEST_PYTHON} and newer, as of {bound} …"
        )
        previous = None if self.upgrade.everything else old
        return toolchain.resolve(
            asked,
            development=self.wanted.development,
            previous=previous,
            moving=self.upgrade.names,
            bound=bound,
            uv=self.toolchain_uv,
        )
