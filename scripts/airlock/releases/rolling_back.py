"""Lets a release serve again that served before: a change of the pointer, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock.errors import PublishError
from airlock.releases import listing
from airlock.releases.listing import SHORT

if TYPE_CHECKING:
    from airlock.releases.places import Place
    from airlock_spec.releases.pointer import Pointer

_TOLD = 5  # things that are missing which one error names


@dataclass(frozen=True)
class Chosen:
    """The release that is to serve again, and the pointer that it was chosen by."""

    release: str
    seen: Pointer
    named: bool  # not only the one that served before


@dataclass(frozen=True)
class RolledBack:
    """The release that serves now, the one that did before, and the pointer since."""

    release: str
    before: str
    pointer: Pointer


def choose(place: Place, wanted: str) -> Chosen:
    """Return the release that `wanted` begins, "" for the one that served before the current one; it is there whole.

    Raises PublishError, LocationError, and what the place raises.
    """
    seen = place.pointer()
    target = listing.find(seen, wanted, place).release if wanted else _default(seen, place)
    _require_possible(seen, target, place)
    missing = place.missing(target)
    if missing:
        more = [f"and {len(missing) - _TOLD} more"] if len(missing) > _TOLD else []
        raise PublishError(
            f"release {target[:SHORT]} cannot serve: it is not whole",
            cause="\n".join([*missing[:_TOLD], *more]),
            remedy="publish it anew: check its commit out, then `airlock sync`; or roll back to another",
        )
    return Chosen(target, seen, named=bool(wanted))


def roll_back(place: Place, chosen: Chosen, by: str) -> RolledBack:
    """Let the chosen release serve. Raises as `choose` does, also where it must not serve any more."""
    before = chosen.seen.release

    def change(now: Pointer) -> Pointer:
        nonlocal before
        if not chosen.named and now.release != chosen.seen.release:
            raise PublishError(
                f"nothing was rolled back: release {now.release[:SHORT]} serves since a moment ago",
                cause=f"{now.events[0].by} was quicker; what served before is another release now",
                remedy="look with `airlock releases`, then run it again, perhaps with a RELEASE",
            )
        _require_possible(now, chosen.release, place)
        before = now.release
        return now.rolled_back(chosen.release, datetime.now(UTC), by)

    return RolledBack(chosen.release, before, place.change(change))


def served(pointer: Pointer) -> list[str]:
    """Return the releases to go back through, the current one first.

    Publishing goes on from where one is, and rolling back returns to where one was, as in the history of a browser:
    so going back twice arrives two releases back, and never at the release that the first step left.
    """
    path: list[str] = []
    for event in reversed(pointer.events):
        _go(path, event.release, back=event.did == "rollback")
    _go(path, pointer.release, back=True)
    return path[::-1]


def _go(path: list[str], release: str, *, back: bool) -> None:
    if path and path[-1] == release:
        return
    if back and release in path:
        while path[-1] != release:
            path.pop()
    else:
        path.append(release)


def _default(pointer: Pointer, place: Place) -> str:
    earlier = served(pointer)[1:]
    if not earlier:
        raise PublishError(
            "there is no release to roll back to",
            cause="no other served before the current one, as far back as events go",
            remedy=f"airlock releases --at {place}    lists those that are there; name one",
        )
    if pointer.find(earlier[0]) is None:
        there = [one for one in earlier if pointer.find(one)]
        raise PublishError(
            f"release {earlier[0][:SHORT]}, which served before, is not there any more",
            cause="`airlock gc` removed it",
            remedy=f"airlock rollback --to {place} {there[0][:SHORT]}    served before that"
            if there
            else f"airlock releases --at {place}    lists those that are there; name one",
        )
    return earlier[0]


def _require_possible(pointer: Pointer, target: str, place: Place) -> None:
    """Raise where a release must not serve, or does already."""
    listing.find(pointer, target, place)
    if pointer.release == target:
        raise PublishError(
            f"release {target[:SHORT]} serves already",
            cause=_since(pointer),
            remedy=f"airlock releases --at {place}    lists the others",
        )


def _since(pointer: Pointer) -> str:
    began = None
    for event in pointer.events:
        if event.release != pointer.release:
            break
        began = event
    return f"it does since {began.at:%Y-%m-%d %H:%M:%S} UTC" if began else ""
