"""One advisory, read from a record of the OSV schema (https://ossf.github.io/osv-schema/)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.audit import severity
from airlock.audit.severity import Severity
from airlock.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUMMARY = 200  # characters


@dataclass(frozen=True)
class Fix:
    """A version of a package in which a vulnerability is fixed."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True)
class Advisory:
    """What an advisory says; `ids` are its own and those of the same vulnerability elsewhere."""

    ids: tuple[str, ...]
    severity: Severity = Severity.UNKNOWN
    summary: str = ""
    fixes: tuple[Fix, ...] = ()
    withdrawn: bool = False


def parse(record: Mapping[str, Any]) -> Advisory:
    """Read a record. Raises KeyError, TypeError, ValueError or AttributeError where it is none."""
    ids = [record["id"], *(record.get("aliases") or ()), *_upstream(record)]
    if not all(isinstance(one, str) for one in ids):
        raise TypeError("an id is a text")
    text = str(record.get("summary") or record.get("details") or "")
    return Advisory(
        tuple(dict.fromkeys(map(printable, ids))),
        severity.of_record(record),
        printable(" ".join(text.split()))[:_SUMMARY],
        tuple(
            Fix(
                str(affected["package"]["ecosystem"]),
                str(affected["package"]["name"]),
                printable(str(event["fixed"])),
            )
            for affected in record.get("affected") or ()
            for ranges in affected.get("ranges") or ()
            if ranges["type"] == "ECOSYSTEM"
            for event in ranges["events"]
            if "fixed" in event
        ),
        withdrawn=bool(record.get("withdrawn")),
    )


def _upstream(record: Mapping[str, Any]) -> list[str]:
    """Return the one CVE that a record of a distribution is about: it is upstream of it, not its alias."""
    upstream = list(record.get("upstream") or ())
    return upstream if len(upstream) == 1 else []
