"""What tasks saw, as a report of `airlock verify`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airlock.release_settings import Verify
from airlock.verify.inventory import Inventory, Source
from airlock.verify.judge import settled
from airlock.verify.promises import PROMISES, verdicts
from airlock.verify.report import Report
from airlock_spec.check.finding import Severity
from airlock_spec.reach.around import Metadata, Outside
from airlock_spec.reach.inside import Public, Silent, Unresolved, WrongCertificate
from airlock_spec.reach.observed import Kind
from airlock_spec.reach.report import told
from airlock_spec.reach.rules import HERE, RULES, findings
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock_spec.reach.observed import Observed

_ABOUT = {
    Kind.OUTSIDE: (Outside.code,),
    Kind.METADATA: (Metadata.code,),
    Kind.ENDPOINT: (Unresolved.code, Public.code, Silent.code, WrongCertificate.code),
}
_ALIKE = {Kind.GATEWAY: Kind.ENDPOINT}


def report(seen: Sequence[Observed], settings: Verify | None = None, seconds: float = 0.0) -> Report:
    """Judge what was seen from each place; the notes tell of every destination how it looked."""
    settings = settings or Verify()
    found = [finding for one in seen for finding in findings(one)]
    undecided = {code: cause for one in reversed(seen) for code, cause in _undecided(one)}
    judgement = replace(settled(found, [one.code for one in RULES], settings), undecided=undecided)
    names = ", ".join(one.task or HERE for one in seen)
    destinations = sum(len(one.sights) for one in seen)
    return Report(
        str(Source.TASK),
        f"{counted(destinations, 'destination')} from {names}",
        RULES,
        judgement.findings,
        Severity(settings.fail_on),
        seconds or max((one.seconds for one in seen), default=0.0),
        judgement.accepted,
        verdicts=verdicts(PROMISES, Inventory(Source.TASK, ""), judgement, 0.0),
        undecided=undecided,
        notes=(
            *(f"{one.task or HERE}: {told(sight)}" for one in seen for sight in one.sights),
            *judgement.notes,
        ),
    )


def _undecided(one: Observed) -> Iterator[tuple[str, str]]:
    """Give the codes that cannot be told from a place, and why: nothing was seen there, or not in time."""
    if unseen := one.untold or one.stopped:
        for rule in RULES:
            yield rule.code, f"nothing was seen from {one.task or HERE}: {unseen[0]}"
        return
    for kind, codes in _ABOUT.items():
        sights = [sight for sight in one.sights if _ALIKE.get(sight.kind, sight.kind) is kind]
        if not sights:
            yield from ((code, f"no {kind} was looked at from {one.task or HERE}") for code in codes)
        for sight in (sight for sight in sights if sight.late):
            yield from ((code, f"{sight.destination} {sight.unresolved}") for code in codes)
