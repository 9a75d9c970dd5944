"""What a witness's pins say about a lock: where they differ, and which requirements lead to that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import DisagreementError
from airlock.locks.uv import file_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.locks.intent import Asked
    from airlock.witness.pip_compile import Resolution
    from airlock.witness.requirements import Reading, Requirements

_MOST_PACKAGES, _MOST = 20, 8  # packages that are shown, and requirements of each
_NONE = "none"


@dataclass(frozen=True)
class Difference:
    """A package of which lock and witness hold different versions; "" is none at all.

    `readings` are the requirements of it, and `ways` how each that is not met comes about, from our own line on.
    """

    name: str
    locked: str
    witnessed: str
    readings: tuple[Reading, ...]
    ways: Mapping[Reading, tuple[Reading, ...]]


@dataclass(frozen=True)
class Where:
    """The platform and the exact version of CPython that were resolved for."""

    platform: str
    python: str

    def __str__(self) -> str:
        return f"{self.platform}, CPython {self.python}"


@dataclass(frozen=True)
class Verdict:
    """`verified` packages are the same on both sides; `conflict` is why the witness found no solution, if so."""

    witness: str
    where: Where
    verified: int
    differences: tuple[Difference, ...] = ()
    conflict: str = ""

    @property
    def agrees(self) -> bool:
        return not self.differences and not self.conflict


def judge(
    resolution: Resolution, locked: Mapping[str, str], requirements: Requirements, witness: str, where: Where
) -> Verdict:
    """Compare the pins of a lock (name → version) with what the witness found."""
    if resolution.pins is None:
        unmet = requirements.unmet()
        names = sorted({one.name for one in unmet})
        differences = tuple(_difference(name, locked.get(name, ""), "", requirements) for name in names)
        return Verdict(witness, where, 0, differences, _in_our_words(resolution.why, requirements.asked))
    pins = resolution.pins
    differing = sorted(name for name in locked.keys() | pins.keys() if locked.get(name) != pins.get(name))
    differences = tuple(
        _difference(name, locked.get(name, ""), pins.get(name, ""), requirements) for name in differing
    )
    return Verdict(witness, where, len(locked.keys() | pins.keys()) - len(differing), differences)


def _difference(name: str, locked: str, witnessed: str, requirements: Requirements) -> Difference:
    readings = requirements.of(name)
    unmet = [one for one in readings if not one.allows(locked)]
    return Difference(name, locked, witnessed, readings, {one: requirements.origin(one) for one in unmet})


def failure(verdict: Verdict) -> DisagreementError:
    """Describe a verdict that does not agree."""
    shown = verdict.differences[:_MOST_PACKAGES]
    lines = [line for one in shown for line in _lines(one, verdict)]
    lines += [f"… and {len(verdict.differences) - len(shown)} more packages"] * (
        len(verdict.differences) > len(shown)
    )
    if verdict.conflict:
        fact = f"{verdict.witness} finds no solution among the packages of airflow.lock for {verdict.where}"
        lines = [*verdict.conflict.splitlines(), *lines]
    else:
        number = len(verdict.differences)
        differ = "1 package differs" if number == 1 else f"{number} packages differ"
        fact = f"{verdict.witness} does not arrive at airflow.lock for {verdict.where}: {differ}"
    return DisagreementError(fact, cause="\n".join(lines), remedy=_remedy(verdict))


def _lines(one: Difference, verdict: Verdict) -> Iterator[str]:
    if verdict.conflict:
        yield f"{one.name}: the lock has {one.locked or _NONE}"
    else:
        yield f"{one.name}: the lock has {one.locked or _NONE}, the witness {one.witnessed or _NONE}"
    counting = [reading for reading in one.readings if reading.counts]
    if not counting:
        yield "  nothing that is needed requires it"
    ordered = sorted(counting or one.readings, key=lambda reading: reading not in one.ways)
    for reading in ordered[:_MOST]:
        yield f"  {reading}{_judged(reading, one)}"
        if way := one.ways.get(reading):
            yield f"    by way of {way[0].where}: {' → '.join(str(each.requirement) for each in way)}"
    if len(ordered) > _MOST:
        yield f"  … and {len(ordered) - _MOST} more"


def _judged(reading: Reading, one: Difference) -> str:
    if not reading.needed:
        return f": nothing needs {reading.by}"
    if not reading.counts:
        return ": its marker does not hold"
    if reading in one.ways:
        return ": not met by the lock"
    if one.witnessed and not reading.allows(one.witnessed):
        return ": not met by the witness"
    return ""


def _remedy(verdict: Verdict) -> str:
    known = [one.name for one in verdict.differences if one.locked]
    known += [
        reading.by for one in verdict.differences for reading in one.ways if reading.by and not one.locked
    ]
    names = " ".join(dict.fromkeys(known))
    return (
        f"resolve anew: {f'airlock lock --upgrade {names}'.rstrip()}\n"
        "where that changes nothing, pin the version that you mean in constraints/airflow.in"
    )


def as_document(verdict: Verdict) -> dict[str, object]:
    """Return the verdict for --json."""
    return {
        "agrees": verdict.agrees,
        "witness": verdict.witness,
        "platform": verdict.where.platform,
        "python": verdict.where.python,
        "verified": verdict.verified,
        "differences": [
            {
                "name": one.name,
                "lock": one.locked or None,
                "witness": one.witnessed or None,
                "requirements": [
                    {"by": each.where, "requirement": str(each.requirement), "counts": each.counts}
                    for each in one.readings
                ],
            }
            for one in verdict.differences
        ],
        "conflict": verdict.conflict or None,
    }


def _in_our_words(text: str, asked: Iterable[Asked]) -> str:
    """Name our own files and lines where pip names those that it was given."""
    asked = tuple(asked)
    names = {name: source for source, name in file_names(asked).items()}

    def ours(match: re.Match[str]) -> str:
        lines = [one for one in asked if one.source == names.get(match[1])]
        number = int(match[2])
        return (
            f"{lines[number - 1].source}:{lines[number - 1].line}" if 0 < number <= len(lines) else match[0]
        )

    return re.sub(r"-r (?:/intent/)?([\w.]+) \(line (\d+)\)", ours, text)
