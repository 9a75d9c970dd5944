"""What a scan of an image found: the basic scanner's and Amazon Inspector's (enhanced) findings in one form."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from airlock.release_settings import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.ecr_scans import Scanned

_UNKNOWN = -1  # rank of UNDEFINED (basic) and UNTRIAGED (enhanced): nobody has judged it yet


@dataclass(frozen=True)
class Finding:
    """A vulnerability of a package; `fixed` is the version without it, "" where there is none or it is not told."""

    severity: str  # in lower case
    name: str  # CVE-…
    package: str
    version: str
    fixed: str = ""

    @property
    def row(self) -> tuple[str, ...]:
        return self.severity, self.name, self.package, self.version, self.fixed


@dataclass(frozen=True)
class Report:
    """What a scan found in the image of a digest: the worst first, and how many of each severity."""

    digest: str
    status: str  # COMPLETE, or ACTIVE where it is scanned again and again
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    completed: str = ""  # when, for ECR scans an image that is pushed again no second time; ISO 8601

    @property
    def document(self) -> dict[str, Any]:
        """As `--json` gives it."""
        keys = ("severity", "name", "package", "version", "fixed")
        listed = [dict(zip(keys, one.row, strict=True)) for one in self.findings]
        return {
            "digest": self.digest,
            "status": self.status,
            "completed": self.completed,
            "counts": dict(self.counts),
            "findings": listed,
        }

    def blocking(self, block: str) -> int:
        """Return how many are as severe as `block`, or more."""
        return sum(number for severity, number in self.counts.items() if rank(severity) >= rank(block))


def rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else _UNKNOWN


def report(digest: str, scanned: Scanned) -> Report:
    """Read what ECR tells of a finished scan."""
    found = {_basic(one) for one in scanned.basic}
    for one in scanned.enhanced:
        found.update(_enhanced(one))
    ordered = sorted(found, key=lambda one: (-rank(one.severity), one.row))
    own = Counter(severity for severity, _ in {(one.severity, one.name) for one in found})
    told = {severity.lower(): int(number) for severity, number in scanned.counts.items()}
    counts = {severity: max(own[severity], told.get(severity, 0)) for severity in {*own, *told}}
    worst_first = sorted(counts.items(), key=lambda item: -rank(item[0]))
    counted = {name: number for name, number in worst_first if number}
    completed = scanned.completed.astimezone(UTC).isoformat(timespec="seconds") if scanned.completed else ""
    return Report(digest, scanned.status, tuple(ordered), counted, completed)


def _basic(told: Mapping[str, Any]) -> Finding:
    attributes = {one.get("key", ""): one.get("value", "") for one in told.get("attributes", [])}
    return Finding(
        str(told.get("severity", "undefined")).lower(),
        str(told.get("name", "")),
        attributes.get("package_name", ""),
        attributes.get("package_version", ""),
        attributes.get("fixed_in_version", ""),
    )


def _enhanced(told: Mapping[str, Any]) -> list[Finding]:
    """Return one for each package that a finding is about."""
    details: Mapping[str, Any] = told.get("packageVulnerabilityDetails", {})
    severity = str(told.get("severity", "untriaged")).lower()
    name = str(details.get("vulnerabilityId") or told.get("title", ""))
    packages: Sequence[Mapping[str, Any]] = details.get("vulnerablePackages") or [{}]
    return [Finding(severity, name, str(one.get("name", "")), _version(one), _fixed(one)) for one in packages]


def _version(package: Mapping[str, Any]) -> str:
    release = package.get("release")
    return str(package.get("version", "")) + (f"-{release}" if release else "")


def _fixed(package: Mapping[str, Any]) -> str:
    fixed = str(package.get("fixedInVersion", ""))
    return "" if fixed == "NotAvailable" else fixed
