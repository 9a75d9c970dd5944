"""The settings as they stand in TOML: keys with dashes, everything looked at before anything is refused."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from airlock_spec.check.catalogue import CHECKS
from airlock_spec.check.documented import nearest
from airlock_spec.check.finding import Severity
from airlock_spec.check.request import Limits
from airlock_spec.check.settings import House, Network, Settings, SettingsError
from airlock_spec.endpoints import BY_CLIENT, BY_SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")
CHECK = (
    "fail-on",
    "budget",
    "select",
    "ignore",
    "baseline",
    "house",
    "pools",
    "env",
    "dags",
    "limits",
)
NETWORK = ("endpoints", "hosts", "zones")
HOUSE = ("owner", "tags", "retries", "dag-id", "description")
LIMITS = ("seconds", "memory-megabytes", "output-megabytes")
MEGABYTE = 1024**2
_SELECTOR = re.compile(r"[A-Z]+[0-9]*")


def parse(table: Mapping[str, object]) -> Settings:
    """See `settings.parse`."""
    problems: list[str] = []
    check = _Table("[tool.airlock.check]", table.get("check", {}), CHECK, problems)
    network = _Table("[tool.airlock.network]", table.get("network", {}), NETWORK, problems)
    made = Settings(
        fail_on=check.value("fail-on", _severity, Settings.fail_on),
        budget=check.value("budget", _positive, Settings.budget),
        select=check.value("select", _selectors, ()),
        ignore=check.value("ignore", _selectors, ()),
        baseline=check.value("baseline", _text, ""),
        dags=check.value("dags", _text, "").strip("/"),
        pools=check.value("pools", _texts, None),
        env=check.value("env", _environment, {}),
        house=_house(check.table("house", HOUSE)),
        limits=_limits(check.table("limits", LIMITS)),
        network=Network(
            endpoints=network.value("endpoints", _endpoints, None),
            hosts=network.value("hosts", _texts, ()),
            zones=network.value("zones", _at_least_one, Network.zones),
        ),
    )
    if problems:
        raise SettingsError(problems)
    return made


def _house(table: _Table) -> House:
    return House(
        owner=table.value("owner", _expression, ""),
        tags=table.value("tags", _texts, ()),
        retries=table.value("retries", _count, 0),
        dag_id=table.value("dag-id", _expression, ""),
        description=table.value("description", _truth, False),  # noqa: FBT003 - the default of a key
    )


def _limits(table: _Table) -> Limits:
    usual = Limits()
    return Limits(
        seconds=table.value("seconds", _positive, usual.seconds),
        memory=int(table.value("memory-megabytes", _positive, usual.memory / MEGABYTE) * MEGABYTE),
        output=int(table.value("output-megabytes", _positive, usual.output / MEGABYTE) * MEGABYTE),
    )


@dataclass
class _Table:
    """A table of TOML whose values are taken one by one; what is wrong is added to `problems`."""

    name: str
    given: object
    keys: tuple[str, ...]
    problems: list[str]
    values: Mapping[str, object] = field(init=False)

    def __post_init__(self) -> None:
        self.values = cast("Mapping[str, object]", self.given) if isinstance(self.given, dict) else {}
        if not isinstance(self.given, dict):
            self.problems.append(f"{self.name} must be a table, not {self.given!r}")
        self.problems += [
            f"{self.name} {key} is not known{perhaps(key, self.keys)}"
            for key in self.values
            if key not in self.keys
        ]

    def table(self, key: str, keys: tuple[str, ...]) -> _Table:
        return _Table(f"{self.name} {key}:", self.values.get(key, {}), keys, self.problems)

    def value(self, key: str, read: Callable[[object], T], default: T) -> T:
        """Return what `read` makes of a key; it raises ValueError with what the value must be."""
        if key not in self.values:
            return default
        try:
            return read(self.values[key])
        except ValueError as error:
            self.problems.append(f"{self.name} {key} {error}, not {self.values[key]!r}")
            return default


def perhaps(word: str, known: Iterable[str]) -> str:
    """Return `; perhaps you meant …` for the nearest known word, or nothing."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1) or [
        one for one in names if word and one.startswith(word)
    ]
    return f"; perhaps you meant {near[0]}" if near else ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004 - the same error for every wrong value
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _selectors(value: object) -> tuple[str, ...]:
    """Read codes or their beginnings; those of other tools, as ruff's AIR301, cannot be known here."""
    codes = _texts(value)
    for code in codes:
        if not _SELECTOR.fullmatch(code):
            raise ValueError('must be a list of codes or their beginnings, as "AL201" or "AL5"')
        if code.startswith("AL") and not any(one.code.startswith(code) for one in CHECKS):
            raise ValueError(
                f"names {code}, with which no code begins (perhaps you meant {nearest(code, CHECKS)})"
            )
    return codes


def _endpoints(value: object) -> tuple[str, ...]:
    names = _texts(value)
    for name in names:
        if name in BY_CLIENT and name not in BY_SERVICE:
            raise ValueError(f"names {name} as boto3 does, whose endpoint is {BY_CLIENT[name]}")
    return names


def _severity(value: object) -> Severity:
    if not isinstance(value, str) or value not in list(Severity):
        raise ValueError(f"must be one of {', '.join(Severity)}")
    return Severity(value)


def _positive(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError("must be a number above 0")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number")
    return value


def _at_least_one(value: object) -> int:
    if _count(value) == 0:
        raise ValueError("must be at least 1")
    return _count(value)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - as above
    return value


def _expression(value: object) -> str:
    text = _text(value)
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"must be a regular expression ({error})") from error
    return text


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError('must be a table of strings, as { AIRFLOW_VAR_REGION = "eu-west-1" }')
    if any(not name or "=" in name or "\0" in name + text for name, text in value.items()):
        raise ValueError("must have names without =, and neither names nor values with a NUL")
    return dict(value)
