"""Constraints of someone else: Airflow's official file, or one like it, whose lines bound what is locked.

They bound versions and ask for nothing. The lock records the file's name and sha256, so that a change is noticed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from airlock.errors import AirlockError, ConfigError, FetchError
from airlock.index.locations import SCHEME, is_protected, redact
from airlock.locks import pip_constraints
from airlock.locks.intent import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from airlock.config import Config
    from airlock.locks.target import Target

KEY = "[tool.airlock] airflow-constraints"
AIRFLOW = "apache-airflow"
_SHOWN = 3  # problems of a file
_DOCUMENTED = "docs/upgrades.md"


@dataclass(frozen=True)
class Source:
    """Where constraints are: a URL (which may carry credentials) or a path in the project, as `place`."""

    place: str
    project: Path

    @property
    def is_remote(self) -> bool:
        return SCHEME.match(self.place) is not None

    @property
    def name(self) -> str:
        """The place as a lock records it: without credentials."""
        return redact(self.place) if self.is_remote else self.place


@dataclass(frozen=True)
class Constraints:
    """A file of constraints: `limits` are its lines, each with where it stands."""

    name: str
    sha256: str
    limits: tuple[Asked, ...]

    @property
    def record(self) -> str:
        """What the lock's header says of them."""
        return f"{self.name} sha256:{self.sha256}"

    def allowing(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return those versions that no line excludes; lines with markers are left to uv."""
        found = dict(versions)
        for limit in self.limits:
            rule = Requirement(limit.requirement)
            version = found.get(limit.name)
            if version and not rule.marker and not rule.specifier.contains(version, prereleases=True):
                del found[limit.name]
        return found


def source(config: Config, asked: Iterable[Asked], image: Target) -> Source | None:
    """Return where the project's constraints are, with `{airflow}` and `{python}` filled in; None without any.

    Raises ConfigError.
    """
    if not config.airflow_constraints:
        return None
    known = {"airflow": _airflow(asked), "python": "{}.{}".format(*image.python_minor)}
    place = config.airflow_constraints
    for name in dict.fromkeys(re.findall(r"\{(.*?)\}", place)):
        if name not in known:
            raise _unusable(
                place, f"{{{name}}} is not known; there are {{airflow}} and {{python}}", f"mend {KEY}"
            )
        if not known[name]:
            raise _unusable(
                place,
                f"{{airflow}} is the version that the intent pins, and no line pins {AIRFLOW}==VERSION",
                f"pin {AIRFLOW} in constraints/airflow.in, or name a version in {KEY}",
            )
        place = place.replace(f"{{{name}}}", known[name])
    _require_safe(place)
    if config.project / place == pip_constraints.path(config):
        raise _unusable(place, "`airlock lock` writes that file itself, from what it locked", f"mend {KEY}")
    return Source(place, config.project)


def _airflow(asked: Iterable[Asked]) -> str:
    """Return the version of Airflow that the intent pins exactly, or ""."""
    specifiers = (Requirement(one.requirement).specifier for one in asked if one.name == AIRFLOW)
    pins = [one.version for chosen in specifiers for one in chosen if one.operator == "=="]
    return next((pin for pin in pins if not pin.endswith("*")), "")


def _require_safe(place: str) -> None:
    if not place.isprintable() or place != place.strip():
        raise _unusable(
            place,
            "a lock records it in one line, so it begins and ends with no blank and is printable",
            f"mend {KEY}",
        )
    if SCHEME.match(place):
        if not is_protected(place):
            raise _unusable(
                place,
                "it is neither an https URL nor a path; over anything else it could be altered on its way",
                f"name an https URL in {KEY}, or keep a copy of the file in the project",
            )
    elif PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
        raise _unusable(
            place, "the file is not in the project, and a lock names what every clone has", f"mend {KEY}"
        )


def _unusable(place: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError(f"{KEY} = {redact(place)!r} cannot be used", cause=cause, remedy=remedy)


def changes(recorded: str, wanted: Source | None) -> list[str]:
    """Describe how the project's constraints differ from those that a lock records; no network is asked."""
    name, _, sha256 = recorded.rpartition(" sha256:")
    now = wanted.name if wanted else ""
    if now != name:
        return [
            f"constraints: {name or 'none'} {'was' if name else 'were'} locked within, now {now or 'none'}"
        ]
    if wanted and not wanted.is_remote and hashlib.sha256(_content(wanted)).hexdigest() != sha256:
        return [f"constraints: {name} has changed"]
    return []


def read(wanted: Source, download: Callable[[str], bytes]) -> Constraints:
    """Read the constraints from their file, or with `download` from their URL.

    Raises FetchError where they cannot be had or are no constraints, ConfigError for a file of the project.
    """
    content = download(wanted.place) if wanted.is_remote else _content(wanted)
    limits, problems = _parse(wanted.name, content)
    if problems:
        kind: type[AirlockError] = FetchError if wanted.is_remote else ConfigError
        raise kind(
            f"{wanted.name} is no file of constraints",
            cause="\n".join(problems),
            remedy=f"check {KEY}: it wants lines as `name==version` ({_DOCUMENTED})",
        )
    return Constraints(wanted.name, hashlib.sha256(content).hexdigest(), limits)


def _content(wanted: Source) -> bytes:
    try:
        return (wanted.project / wanted.place).read_bytes()
    except OSError as error:
        raise _unusable(wanted.place, f"it cannot be read: {error.strerror}", f"mend {KEY}") from error


def _parse(name: str, content: bytes) -> tuple[tuple[Asked, ...], list[str]]:
    """Return the lines of constraints, and what is wrong with the file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return (), [f"it is no text: {error}"]
    if text.lstrip()[:1] == "<":
        title = re.search(r"<title[^>]*>\s*(.*?)\s*</title", text, re.IGNORECASE | re.DOTALL)
        return (), [
            f"it is an HTML page{f', {title[1][:80]!r}' if title else ''}: a login or an error, perhaps"
        ]
    limits: list[Asked] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        content_of_line = f" {line}".partition(" #")[0].strip()
        if content_of_line:
            problem, requirement = _limit(content_of_line)
            limits += [Asked(name, number, requirement)] if not problem else []
            problems += [f"{name}:{number}: {content_of_line[:80]!r}: {problem}"] if problem else []
    if not limits and not problems:
        return (), [f"it has no line of constraints, in {len(content)} bytes"]
    more = [f"and {len(problems) - _SHOWN} lines more"] if len(problems) > _SHOWN else []
    return tuple(limits), [*problems[:_SHOWN], *more]


def _limit(line: str) -> tuple[str, str]:
    """Return what is wrong with a line, or "", and the line as a requirement in its canonical spelling."""
    if line.startswith("-") or line.endswith("\\"):
        return "options and hashes are no constraints", ""
    try:
        requirement = Requirement(line)
    except InvalidRequirement as error:
        return f"not a requirement (PEP 508): {str(error).partition(chr(10))[0]}", ""
    if requirement.url or requirement.extras:
        return "a constraint has neither a URL nor extras", ""
    return "", str(requirement)
