"""One resolution of the image's Python packages with uv, for one platform at a time."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.locks.conflict import explain, lacks_dates, mentioned
from airlock.locks.uv import Question, file_names, input_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airlock.locks.intent import Asked
    from airlock.locks.target import Target
    from airlock.locks.uv import Answer, Uv
    from airlock.platforms import Platform


@dataclass(frozen=True)
class Found:
    """What uv chose: the version of a package, and the wheels that could serve (PEP 751 `packages.wheels`)."""

    version: str
    wheels: tuple[dict[str, Any], ...]


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
    limits: tuple[Asked, ...] = ()  # lines of constraints: they bound versions and ask for nothing

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
        return self._ask(platform, constraints, "pylock.toml", "--format", "pylock.toml")

    def _ask(self, platform: Platform, constraints: Mapping[str, str], output: str, *options: str) -> Answer:
        options += ("--python-version", self.target.python, "--no-build")
        options += ("--python-platform", self.target.uv_platform(platform))
        options += ("--exclude-newer", self.bound) if self.bound else ()
        limits = "".join(f"{one.requirement}\n" for one in self.limits)
        return self.uv.compile(Question(input_files(self.asked), options, output, constraints, limits=limits))

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
