"""Which vulnerabilities block: by severity, but for those ignored with a reason until a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from airlock.audit.severity import Severity
from airlock.errors import ConfigError
from airlock.index.locations import is_protected, redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.config import Config

NOTHING = "none"
_LEVELS = {str(one): one for one in Severity if one}
_IGNORED = re.compile(r"(?P<id>[A-Za-z][\w.-]*) until (?P<until>\d{4}-\d\d-\d\d): *(?P<reason>\S.*)")
_FORM = "CVE-2026-1234 until 2027-01-31: why it does no harm here"


@dataclass(frozen=True)
class Ignored:
    """An advisory, under any of its ids, that does not block up to and including a day."""

    id: str
    until: date
    reason: str


@dataclass(frozen=True)
class Policy:
    """What blocks: `least` is the least severity, None where nothing does; `today` decides what has expired."""

    least: Severity | None
    ignored: tuple[Ignored, ...]
    today: date

    @property
    def name(self) -> str:
        return NOTHING if self.least is None else str(self.least)

    def ignoring(self, ids: Iterable[str]) -> Ignored | None:
        """Return what lets an advisory with these ids pass today."""
        known = {one.upper() for one in ids}
        return next(
            (one for one in self.ignored if one.id.upper() in known and one.until >= self.today), None
        )

    @property
    def expired(self) -> tuple[Ignored, ...]:
        return tuple(one for one in self.ignored if one.until < self.today)


def read(config: Config, today: date) -> Policy:
    """Read the policy of a project. Raises ConfigError with everything that is wrong in one message."""
    problems = []
    if config.audit_block not in {NOTHING, *_LEVELS}:
        levels = ", ".join([NOTHING, *_LEVELS])
        problems.append(f"audit-block is {config.audit_block!r}, not one of {levels}")
    if not is_protected(config.audit_source):
        shown = redact(config.audit_source)
        problems.append(f"audit-source is {shown!r}, no https URL: its answers could be altered on their way")
    ignored = []
    for text in config.audit_ignore:
        found = _IGNORED.fullmatch(text.strip())
        try:
            until = date.fromisoformat(found["until"]) if found else None
        except ValueError:
            until = None
        if found and until:
            ignored.append(Ignored(found["id"], until, found["reason"]))
        else:
            problems.append(f"audit-ignore {text!r} is not of the form {_FORM!r}")
    if problems:
        raise ConfigError(
            "the policy of the audit cannot be used",
            cause="\n".join(problems),
            remedy="mend [tool.airlock] in pyproject.toml (docs/upgrades.md)",
        )
    return Policy(_LEVELS.get(config.audit_block), tuple(ignored), today)
