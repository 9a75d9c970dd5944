"""What was heard, by the names that people use, and what of it was not allowed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from capture.frames import Attempt
    from capture.watching import Watch

Found = Counter[tuple[str, str]]  # who tried, what, how often

ALL = "*"


def named(watch: Watch, containers: Mapping[str, str], addresses: Mapping[str, str] | None = None) -> Found:
    """Return what was tried, in the names of `containers` by id: for who tried, for addresses and for host names.

    `addresses` has names of what is in other networks than the watched one, by address.
    """
    # A container's host name is the beginning of its id.
    names = {**(addresses or {}), **{one[:12]: name for one, name in containers.items()}}
    for witness in watch.witnesses:
        # A container that ended leaves its address to a later one: the later is the one that answers.
        names[witness.address] = names.get(witness.container[:12], witness.container[:12])
    found: Found = Counter()
    for witness in watch.witnesses:
        who = names.get(witness.container[:12], witness.container[:12])
        _count(found, who, {what: n for (_, what), n in witness.heard.attempts.items()}, names)
    for (source, attempt), count in watch.unattributed().items():
        who = f"{names.get(source, source)}, at the bridge alone"
        _count(found, who, {attempt: count}, names)
    return found


def _count(found: Found, who: str, attempts: Mapping[Attempt, int], names: Mapping[str, str]) -> None:
    spoken_to = {attempt.target for attempt in attempts if attempt.protocol != "arp"}
    for attempt, count in attempts.items():
        if attempt.protocol == "arp" and (attempt.target in names or attempt.target in spoken_to):
            continue  # how a packet finds its way to a neighbour, and no more
        host, space, kind = attempt.target.partition(" ")
        found[who, str(replace(attempt, target=f"{names.get(host, host)}{space}{kind}"))] += count


def outside(found: Found, allowed: Mapping[str, Iterable[str]]) -> Found:
    """Return what is not allowed: patterns of what may be tried, by container, and for `*` of all containers."""
    refused: Found = Counter()
    for (who, what), count in found.items():
        patterns = (*allowed.get(ALL, ()), *allowed.get(who, ()))
        if not any(
            fnmatchcase(what, pattern.replace("[", "[[]")) for pattern in patterns
        ):  # IPv6, no classes
            refused[who, what] = count
    return refused


def table(found: Found) -> str:
    """Return lines of a container, what it tried and how often."""
    lines = [("container", "tried", "times")]
    lines += [(who, what, str(count)) for (who, what), count in sorted(found.items())]
    widths = [max(len(line[column]) for line in lines) for column in (0, 1, 2)]
    return "\n".join(
        f"{who:{widths[0]}}  {what:{widths[1]}}  {count:>{widths[2]}}" for who, what, count in lines
    )
