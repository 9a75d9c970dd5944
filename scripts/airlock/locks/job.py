"""One resolution of the image's Python packages with uv, for one platform at a time."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airlock.locks.conflict import explain, lacks_dates, lacks_wheel, mentioned
from airlock.locks.target import best, wheel_name
from airlock.locks.uv import Question, file_names, input_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packaging.tags import Tag

    from airlock.locks.intent import Asked
    from airlock.locks.target import Target
    from airlock.locks.uv import Answer, Uv
    from airlock.platforms import Platform

_BUILD = re.compile(r"Failed to (?:build|download and build|prepare) `([\w.-]+)==([^`]+)`")


@dataclass(frozen=True)
class Found:
    """What uv chose: the version of a package, and the wheels that could serve (PEP 751 `packages.wheels`)."""

    version: str
    wheels: tuple[dict[str, Any], ...]

    def best(self, tags: dict[Tag, int]) -> dict[str, Any] | None:
        """Return the wheel that pip would take, or None where none fits."""
        by_name = {one.get("name") or wheel_name(one.get("url") or one["path"]): one for one in self.wheels}
        filename = best(by_name, tags)
        return None if filename is None else {**by_name[filename], "name": filename}


class Sources(Protocol):
    """What stands in for missing wheels; the real one builds them (airlock.locks.sources)."""

    def options(self, platform: Platform) -> tuple[str, ...]: ...
    def relent(self, name: str, platform: Platform) -> bool: ...
    def supply(self, job: Job, name: str, version: str, platform: Platform) -> None: ...


class NoDatesError(Exception):
    """The index gives no upload times, so nothing can be resolved as of a date."""


@dataclass(frozen=True)
class Job:
    """What to resolve: `kept` are versions to stay at where possible, `bound` the instant to resolve as of."""

    asked: tuple[Asked, ...]
    target: Target
    kept: Mapping[str, str]
    bound: str | None
    uv: Uv
    moving: frozenset[str] = frozenset()  # names to bring to the newest version
    sizes: Callable[[Sequence[str]], Mapping[str, int]] = (
        lambda _: {}
    )  # URL: bytes, where the index is silent
    limits: tuple[Asked, ...] = ()  # constraints as people write them: they ask for nothing
    sources: Sources | None = None  # without it, wheels alone count

    def versions(self, platform: Platform, pins: Mapping[str, str]) -> dict[str, Found]:
        """Resolve for one platform, with `pins` fixed and as many versions kept as can be.

        Raises ResolveError, FetchError, NoDatesError.
        """
        # Not uv's own preferences: where the first of several indexes holds the preferred version without a
        # fitting wheel, uv drops the preference and falls to an older version (uv 0.13).
        kept = {
            name: version for name, version in self.kept.items() if name not in (pins.keys() | self.moving)
        }
        free = self._free(platform, pins) if self.moving or not kept else None
        goal = dict(pins)
        if free and self.moving:
            newest = _found(free)
            goal |= {name: newest[name].version for name in self.moving & newest.keys()}
        while kept:
            answer = self._pylock(platform, goal | kept)
            if answer.text is not None:
                return _found(answer)
            free = free or self._free(platform, pins)
            in_the_way = mentioned(answer.messages, kept)
            kept = {name: version for name, version in kept.items() if name not in in_the_way and in_the_way}
        return _found(free or self._free(platform, pins))

    def via(self, platform: Platform, pins: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Return for each package who requires it: packages, and the names of our own intent files."""
        answer = self._ask(platform, pins, "requirements.txt", "--annotation-style", "line")
        if answer.text is None:
            raise self._failure(answer, platform)
        ours = {f"-r {name}": label(source) for source, name in file_names(self.asked).items()}
        return parse_via(answer.text, ours)

    def _free(self, platform: Platform, pins: Mapping[str, str]) -> Answer:
        answer = self._pylock(platform, pins)
        if answer.text is None:
            raise self._failure(answer, platform)
        return answer

    def _pylock(self, platform: Platform, constraints: Mapping[str, str]) -> Answer:
        while True:
            answer = self._ask(platform, constraints, "pylock.toml", "--format", "pylock.toml")
            if self.sources is None or not self._supplied(self.sources, answer, platform, constraints):
                return answer

    def _supplied(
        self, sources: Sources, answer: Answer, platform: Platform, constraints: Mapping[str, str]
    ) -> bool:
        """Whether something was done about wheels that uv lacks, so that it may be asked again."""
        if answer.text is None and not (lacking := _BUILD.findall(answer.messages)):
            name = lacks_wheel(answer.messages)
            # What another platform or an earlier lock chose is no reason to build: another version may have a wheel.
            return name is not None and name not in constraints and sources.relent(name, platform)
        if answer.text is not None:
            tags = self.target.tags(platform)
            lacking = [
                (name, found.version) for name, found in _found(answer).items() if not found.best(tags)
            ]
        for name, version in lacking:
            sources.supply(self, name, version, platform)
        return bool(lacking)

    def _ask(self, platform: Platform, constraints: Mapping[str, str], output: str, *options: str) -> Answer:
        options += ("--python-version", self.target.python)
        options += ("--python-platform", self.target.uv_platform(platform))
        options += ("--exclude-newer", self.bound) if self.bound else ()
        options += self.sources.options(platform) if self.sources else ()
        limits = tuple(one.requirement for one in self.limits)
        return self.uv.compile(
            Question(input_files(self.asked), options, output, constraints, limits, bool(self.sources))
        )

    def _failure(self, answer: Answer, platform: Platform) -> Exception:
        if self.bound and lacks_dates(answer.messages):
            return NoDatesError()
        return explain(answer.messages, self.asked, platform.name, self.limits)


def _found(answer: Answer) -> dict[str, Found]:
    packages = tomllib.loads(answer.text or "").get("packages", [])
    return {one["name"]: Found(one["version"], tuple(one.get("wheels", ()))) for one in packages}


def label(source: str) -> str:
    """Name an intent file in a few letters: airflow.in, or a distribution's folder."""
    folder, _, name = source.rpartition("/")
    return folder.rpartition("/")[2] if folder and name == "pyproject.toml" else name


def parse_via(text: str, ours: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Read uv's one-line annotations: `name==version  # via a, b, -r 0.in`."""
    via = {}
    for line in text.splitlines():
        if match := re.match(r"([\w.-]+)==\S+\s*(?:;[^#]*)?(?:# via (.*))?$", line):
            who = [one.strip() for one in (match[2] or "").split(",")]
            via[match[1]] = tuple(ours.get(one, one) for one in who if one and not one.startswith("-c "))
    return via
