"""What nobody needs any more at a location of S3: decided from what is there, and removed so that nothing is lost.

The pointer is swapped first: releases leave it, and it says that their objects are being deleted, until when. So no
publisher and no rollback can count on them. Then their documents go, then packs that no other release names, and what
killed publishers left. A pack's name is never made again, and those of the last day stay: one that a publisher sends
meanwhile is never among them. Killed at any point, the next run finishes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airlock import later
from airlock.errors import LocationError, printable
from airlock.releases.in_s3 import pointer_and_etag, receipts
from airlock.releases.listing import SHORT
from airlock.terminal import counted
from airlock_spec.releases import layout, reading
from airlock_spec.releases.contents import THREADS
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.index import NAME
from airlock_spec.releases.manifest import ID
from airlock_spec.releases.receipt import MAX_DOCUMENT, Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.releases.in_folder import Kept
    from airlock.releases.location import Held, Location
    from airlock_spec.releases.pointer import Pointer

AGE = timedelta(days=1)  # since which nobody has written an orphan: no publisher takes so long
OLD_CLAIM = timedelta(days=7)
_OF_RELEASES = (layout.RELEASES, layout.INDEXES, layout.SIGNATURES, layout.RECEIPTS)
_PARSER = "dag-processor"  # the component that says which releases its Airflow needs
_FOLDERS = (*_OF_RELEASES, layout.PACKS, layout.CLAIMS, layout.POINTER)


@dataclass(frozen=True)
class Found:
    """What a location holds: the pointer, all objects, the claims; `now` is S3's clock when it was written last."""

    pointer: Pointer
    etag: str
    objects: Mapping[str, Held]
    claims: Mapping[str, Claim]  # by their keys
    now: datetime

    def unrenewed(self, age: timedelta) -> dict[str, Claim]:
        """Return the claims that were not written for so long, by the clock of S3."""
        return {key: one for key, one in self.claims.items() if self.objects[key].modified < self.now - age}


@dataclass(frozen=True)
class Plan:
    """What goes and what stays, and why. `documents` and `packs` are keys with their sizes in bytes."""

    found: Found
    removed: tuple[str, ...]  # leave the pointer
    orphans: tuple[str, ...]  # releases that are not in the pointer, and of which something is left
    staying: Mapping[str, str]  # releases, and why they stay
    documents: Mapping[str, int] = field(default_factory=dict)
    packs: Mapping[str, int] = field(default_factory=dict)
    unreadable: str = ""  # why no pack may go

    @property
    def goes(self) -> bool:
        return bool(self.removed or self.documents or self.packs)

    @property
    def bytes(self) -> int:
        return sum(self.documents.values()) + sum(self.packs.values())

    @property
    def old_claims(self) -> dict[str, Claim]:
        """Claims that count, though whoever made them may be gone, by their keys."""
        old = self.found.unrenewed(OLD_CLAIM)
        return {key: claim for key, claim in old.items() if key not in self.documents}


def look(location: Location) -> Found:
    """Read what there is. Raises what reading raises, RefusedError also for a claim that cannot be read."""
    pages = later.each(location.listing, _FOLDERS, THREADS)
    objects = {key: held for page in pages for key, held in page.items()}
    pointer, etag = pointer_and_etag(location)
    keys = [key for key in objects if key.startswith(layout.CLAIMS)]
    claims = zip(keys, later.each(lambda key: _claim(location, key), keys, THREADS), strict=True)
    now = max((held.modified for held in objects.values()), default=datetime.min.replace(tzinfo=UTC))
    return Found(pointer, etag, objects, {key: claim for key, claim in claims if claim}, now)


def plan(location: Location, kept: Kept, *, force: bool = False) -> Plan:
    """Decide what goes. Raises LocationError where nobody claims releases who should, but for `force`."""
    found = look(location)
    pointer = found.pointer
    dropped = found.unrenewed(timedelta(days=kept.claims)) if kept.claims is not None else {}
    claims = [claim for key, claim in found.claims.items() if key not in dropped]
    if not claims and not force:
        _require_no_parser(location, found)
    staying = _staying(found, kept, claims)
    removed = tuple(one.release for one in pointer.releases if one.release not in staying)
    limit = found.now - AGE
    listed = {one.release for one in pointer.releases}
    taken_over = set(pointer.collecting.releases) - listed if pointer.collecting else set()
    documents = {key: found.objects[key].size for key in dropped}
    orphans: set[str] = set()
    for key, held in found.objects.items():
        release = layout.release_of(key)
        if not ID.fullmatch(release) or release in staying:
            continue
        if release not in listed and release not in taken_over:
            if held.modified >= limit:
                continue
            orphans.add(release)
        documents[key] = held.size
    packs, unreadable = _packs(location, found, staying, limit)
    ordered = dict(sorted(documents.items(), key=lambda one: _FOLDERS.index(one[0].partition("/")[0] + "/")))
    return Plan(found, removed, tuple(sorted(orphans | taken_over)), staying, ordered, packs, unreadable)


def _staying(found: Found, kept: Kept, claims: Iterable[Claim]) -> dict[str, str]:
    """Return why releases stay; the strongest reason of each."""
    pointer, since = found.pointer, found.now - timedelta(days=kept.days)
    within = f"within {counted(round(kept.days), 'day')}"
    reasons = {pointer.release: "serves"}
    for claim in claims:
        for release in claim.releases:
            reasons.setdefault(release, f"claimed by {printable(claim.reader)}")
    for number, one in enumerate(pointer.releases[: kept.last]):
        reasons.setdefault(one.release, f"number {number + 1} of the last {kept.last}")
    for one in pointer.releases:
        if one.at >= since:
            reasons.setdefault(one.release, f"published {within}")
    for event in pointer.events:
        reasons.setdefault(event.release, f"served {within}")
        if event.at < since:  # it served until the event after it
            break
    return {one.release: reasons[one.release] for one in pointer.releases if one.release in reasons}


def _packs(
    location: Location, found: Found, staying: Iterable[str], limit: datetime
) -> tuple[dict[str, int], str]:
    """Return the packs that no release names that stays; none, and why, where that cannot be known."""
    old = {
        key: held.size
        for key, held in found.objects.items()
        if key.startswith(layout.PACKS) and NAME.fullmatch(key.removeprefix(layout.PACKS)) and held.modified < limit
    }  # fmt: skip
    if not old:
        return {}, ""

    def named(release: str) -> set[str]:
        index = reading.index(location, reading.manifest(location, release))
        return {layout.pack(name) for name in index.packs}

    try:
        needed = set[str]().union(*later.each(named, staying, THREADS))
    except (AbsentError, RefusedError) as error:
        return {}, f"what the releases that stay need is not known: {error}"
    return {key: size for key, size in sorted(old.items()) if key not in needed}, ""


def _require_no_parser(location: Location, found: Found) -> None:
    """Raise where Airflow reads the releases: no claim says which ones it still needs."""
    for one in found.pointer.releases:
        prefix = layout.receipts(one.release)
        keys = [key for key in found.objects if key.startswith(prefix)]
        for receipt in receipts(location, keys):
            if receipt.component == _PARSER:
                raise LocationError(
                    "it is not known which releases Airflow still needs",
                    cause=f"{receipt.reader}, a {_PARSER}, has release {one.release[:SHORT]}, and no claim counts: "
                    "DagRuns may live on old ones, or be cleared",
                    remedy="wait until the dag-processor has written its claim; or, where no DagRun needs an old "
                    "release: airlock gc --force",
                )


def _claim(location: Location, key: str) -> Claim | None:
    try:
        stored = location.read(key, MAX_DOCUMENT)
    except AbsentError:  # it was removed meanwhile
        return None
    assert stored is not None
    try:
        return Claim.from_data(stored.data)
    except RefusedError as error:
        raise RefusedError(f"{key}: {error}") from error


def summary(plan_: Plan) -> list[str]:
    """Return what goes, what stays and why, as lines."""
    found = plan_.found
    lines = [f"{release[:SHORT]}  stays: {why}" for release, why in plan_.staying.items()]
    lines += [f"{release[:SHORT]}  goes" for release in plan_.removed]
    if plan_.orphans:
        lines.append(
            f"{counted(len(plan_.orphans), 'release')} that never served, or that an earlier run left, goes"
        )
    lines += [
        f"the claim of {printable(claim.reader)} was last renewed {found.objects[key].modified:%Y-%m-%d}, and counts; "
        f"where that reader is gone for good: airlock gc --drop-claims {OLD_CLAIM.days}"
        for key, claim in plan_.old_claims.items()
    ]
    return lines + ([f"no pack goes: {plan_.unreadable}"] if plan_.unreadable else [])
