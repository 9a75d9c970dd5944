"""The story of a check: which DAGs, in which image, what is known of them, what the probe has to look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock import config as configuration
from airlock import later
from airlock.cache import Cache, key_of
from airlock.check import bundle, cache, changed, listing, probe, ruff, target
from airlock.check.timings import Timings
from airlock_spec.check import json_form
from airlock_spec.check.facts import Isolation, Run
from airlock_spec.check.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from airlock.check.bundle import Bundle
    from airlock.check.cache import Kept
    from airlock.check.listing import Listing
    from airlock.check.target import Target
    from airlock.cli import Session
    from airlock.config import Config
    from airlock_spec.check.facts import File
    from airlock_spec.check.finding import Finding

_FORMAT = 2  # of what is kept
_NOTHING = Run("", "", Isolation(namespace=True, seccomp=True, notified=True), ())  # of what was not parsed


@dataclass(frozen=True)
class Wanted:
    """What is to be checked: `since` is a git revision, "" for all; `image` as `target.find` reads it.

    `bundle` is an absolute folder that is a bundle by itself, wherever it lies; None: the project and `paths` say.
    """

    paths: Sequence[Path] = ()
    image: str = ""
    since: str = ""
    cached: bool = True
    ruff: bool = False
    bundle: Path | None = None


@dataclass(frozen=True)
class Checked:
    """A bundle, as far as it was selected, and the facts of it: perhaps of other files of it, too.

    `ruff` waits for what ruff found, None where it was not asked.
    """

    bundle: Bundle
    run: Run
    ruff: Callable[[], list[Finding]] | None = None


def facts(session: Session, paths: Sequence[Path] = (), image: str | None = None) -> Run:
    """Return the facts of the project's DAGs, or of those that `paths` select, in its image or another.

    Raises CheckError, and what reading the configuration and the image raises.
    """
    found = [one.run for one in check(session, Wanted(paths, image or ""))]
    files = tuple(file for run in found for file in run.files)
    return replace(found[0], files=files)


def check(session: Session, wanted: Wanted, timings: Timings | None = None) -> list[Checked]:
    """Find the bundles and their facts. Raises as `facts` does."""
    timings = timings or Timings()
    config = project_config(session)
    if wanted.bundle:
        bundles = [bundle.Bundle(wanted.bundle)]
    else:
        bundles = bundle.find(config.project, config.check.dags, wanted.paths)
    with timings.of("image"):
        image = target.find(config.layout, wanted.image, config.check.env)
    difference = changed.since(wanted.since, config.project) if wanted.since else None
    return [_Check(session, config, image, one, wanted, timings).run(difference) for one in bundles]


def project_config(session: Session) -> Config:
    """Return the project's configuration; a plain folder of DAGs has none, and all at its default."""
    return configuration.of(session)


@dataclass(frozen=True)
class _Check:
    """The check of one bundle."""

    session: Session
    config: Config
    target: Target
    bundle: Bundle
    asked: Wanted
    timings: Timings

    def run(self, difference: set[Path] | None) -> Checked:
        """Find the facts of what is selected and, where a `difference` is given, can be affected by it."""
        with self.timings.of("files"):
            listed = listing.read(self.bundle.folder)
        key = self._key(listed)
        kept = self._kept(key)
        known = cache.good(kept.files, kept.names, listed, self.config.check.budget) if kept else ()
        wanted = self.bundle
        if difference is not None:
            paths = changed.affected(difference, wanted, listed, known, self.config)
            wanted = wanted if paths is None else bundle.within(wanted, paths)
        if wanted.only == ():
            return Checked(wanted, _NOTHING)
        others = self._begin_ruff(wanted)
        if kept and (answer := cache.answer(replace(kept, files=known), listed, wanted)):
            return Checked(wanted, answer, others)
        run = cache.joined(self._probed(wanted, known), known)
        if self.asked.cached:
            self._keep(key, run, listed, kept, everything=wanted.only is None)
        return Checked(wanted, run, others)

    def _probed(self, wanted: Bundle, known: Sequence[File]) -> Run:
        request = Request(
            only=wanted.only or (),
            known=tuple(file.path for file in known),
            pools=self.config.check.pools,
            limits=self.config.check.limits,
        )
        with self.timings.of("probe"), self.target.ways(self.session) as ways:
            return probe.ask(
                ways, wanted, lambda place: replace(request, bundle=place), self.session.terminal
            )

    def _begin_ruff(self, wanted: Bundle) -> Callable[[], list[Finding]] | None:
        prefix = wanted.prefix(self.config.project)
        return later.begin(lambda: ruff.findings(wanted, prefix)) if self.asked.ruff else None

    @property
    def _cache(self) -> Cache:
        return Cache(self.session.places.cache)

    def _key(self, listed: Listing) -> str:
        """Name all that decides facts beside the Python of the bundle."""
        wanted = self.config.check
        request = [json_form.plain(wanted.limits), wanted.pools]
        return key_of(
            _FORMAT,
            str(self.bundle.folder),
            self.target.digest,
            self.target.probe.digest,
            request,
            dict(wanted.env),
            listed.data,
        )

    def _kept(self, key: str) -> Kept | None:
        """Return what is kept; facts from without a sandbox do not stand where one can be made now."""
        kept = cache.read(self._cache, key) if self.asked.cached else None
        if kept is None or kept.isolation.namespace:
            return kept
        with self.target.ways(self.session) as ways:
            better = any(way.namespace and not way.why_not(self.bundle) for way in ways)
        return None if better else kept

    def _keep(self, key: str, run: Run, listed: Listing, kept: Kept | None, *, everything: bool) -> None:
        """Keep what holds for the bundle as it was before the probe saw it, if that is what the probe saw."""
        after = listing.read(self.bundle.folder)
        if (after.data, after.names) != (listed.data, listed.names):
            return
        found = cache.with_sources(run.files, listed)
        files = cache.good(found, listed.names, listed, self.config.check.budget)
        whole = kept.whole if kept else None
        if everything:
            names = tuple(file.path for file in run.files)
            whole = cache.Whole(after.digest, names, run.skipped, run.unmatched, run.common)
        whole = whole if after.digest == listed.digest else None
        entry = cache.Kept(run.airflow, run.python, run.isolation, listed.names, files, whole)
        cache.write(self._cache, key, entry)
