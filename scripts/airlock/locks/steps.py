"""How far a package moved: what a reviewer looks at first in a list of versions."""

from __future__ import annotations

import itertools
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from airlock.locks.moves import Move


SEVERAL = " / "  # between the versions of one package (airlock.locks.moves)


class Step(StrEnum):
    """How far a version moved: by its first number, its second, or less; or by Debian's packaging alone."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    REVISION = "revision"
    OTHER = "other"


def step(before: str, after: str) -> Step:
    """Return how far a version moved (PEP 440); of Debian's, that of the upstream version counts.

    Another epoch is MAJOR; the same numbers with another post-release, pre-release or local part are PATCH. Of a
    package with several versions, one for each of several Pythons, the biggest step counts. What cannot be read is
    OTHER.
    """
    pairs = _pairs(before, after)
    if len(pairs) > 1:
        return min(
            (step(*pair) for pair in pairs if pair[0] != pair[1]), key=list(Step).index, default=Step.OTHER
        )
    try:
        old, new = _parsed(before), _parsed(after)
    except ValueError:  # InvalidVersion is one, and so is a number of more digits than Python reads
        return Step.OTHER
    if old.epoch != new.epoch:
        return Step.MAJOR
    numbers = itertools.zip_longest(old.release, new.release, fillvalue=0)
    first = next((at for at, (one, other) in enumerate(numbers) if one != other), None)
    if first is not None:
        return (Step.MAJOR, Step.MINOR, Step.PATCH)[min(first, 2)]
    if old != new:
        return Step.PATCH
    return Step.REVISION if before != after and _upstream(before) == _upstream(after) else Step.OTHER


def is_downgrade(before: str, after: str) -> bool:
    """Whether the version is known to be lower than before, by PEP 440 or as Debian sorts (deb-version(7))."""
    pairs = _pairs(before, after)
    if len(pairs) > 1:
        return any(is_downgrade(*pair) for pair in pairs)
    if SEVERAL in before + after:
        return False
    if "-" in before or "-" in after:  # a Debian revision; versions of Python packages have none
        from airlock.debian.packages import ordered  # noqa: PLC0415 - python-debian costs 0.1 s

        return ordered(after) < ordered(before)
    try:
        return _parsed(after) < _parsed(before)
    except ValueError:
        return False


def how(move: Move) -> str:
    """Return in a word or two what became of a package."""
    if not move.before or not move.after:
        return "added" if move.after else "removed"
    return f"{step(move.before, move.after)}{', down' if is_downgrade(move.before, move.after) else ''}"


def _pairs(before: str, after: str) -> list[tuple[str, str]]:
    """Pair the versions of a package that has as many of them as before."""
    one, other = before.split(SEVERAL), after.split(SEVERAL)
    return list(zip(one, other, strict=True)) if len(one) == len(other) else []


def _upstream(version: str) -> str:
    """Return a Debian version without its revision; any other as it is."""
    return version.rpartition("-")[0] or version


def _parsed(version: str) -> Version:
    """Read a Python version, or what is left of a Debian one without what its packaging adds."""
    epoch, colon, rest = _upstream(version).rpartition(":")
    upstream = re.sub(r"[+~](?:dfsg|ds|really|git|deb).*$", "", rest)
    return Version(f"{epoch}!{upstream}" if colon else upstream)
