"""IAM Access Analyzer: its analyzers of access from outside, and what they say of a deployment's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.verify.account import calls
from airlock.verify.account.reading import Job
from airlock.verify.network import Place
from airlock.verify.services import Analyzer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.account.api import Api

_OUTSIDE = frozenset({"ACCOUNT", "ORGANIZATION"})  # others look for access that nobody uses, or from within
_ACTIVE = {"status": {"eq": ["ACTIVE"]}}


def jobs(api: Api) -> Iterator[Job]:
    """Give analyzers to read, with every active finding: a line each, which begins with the ARN that it is about."""
    yield Job("analyzers", lambda: _analyzers(api))


def _analyzers(api: Api) -> Iterator[Analyzer]:
    for one in api.all(calls.ANALYZERS):
        if one.get("type") not in _OUTSIDE or one.get("status") != "ACTIVE":
            continue
        told = api.all(calls.FINDINGS, one["name"], analyzerArn=one["arn"], filter=_ACTIVE)
        yield Analyzer(Place(one["arn"]), one["name"], tuple(line(entry) for entry in told))


def line(told: Mapping[str, Any]) -> str:
    """Say what a finding says: who may do what with which resource."""
    who = (
        "anybody"
        if told.get("isPublic")
        else ", ".join(sorted(f"{kind} {name}" for kind, name in (told.get("principal") or {}).items()))
    )
    actions = ", ".join(told.get("action") or ["something"])
    return f"{told.get('resource', told.get('resourceType', '?'))}: {who or 'somebody'} may {actions}"


def about(analyzer: Analyzer, resources: set[str]) -> Analyzer:
    """Leave the findings on a deployment's own resources."""
    kept = tuple(one for one in analyzer.active if one.partition(": ")[0] in resources)
    return Analyzer(analyzer.place, analyzer.name, kept)
