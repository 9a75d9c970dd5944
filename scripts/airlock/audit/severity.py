"""How bad an advisory says that it is (OSV schema 1.7): in a word, or as a CVSS 3 vector.

Advisories of GitHub say it in a word; most others carry a vector, some nothing. CVSS 4 scores come from a table of
hundreds of rows, and advisories that have such a vector have the word as well: the vector alone counts as UNKNOWN.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Severity(IntEnum):
    """The ratings of CVSS 3.1, section 5; a score of 0 counts as LOW."""

    UNKNOWN = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


_WORDS = {"moderate": Severity.MEDIUM} | {str(one): one for one in Severity if one}
_MALICIOUS = "MAL-"  # ids of packages that were made to harm (OpenSSF's malicious packages)
_UNIMPORTANT = "unimportant"  # what Debian's security team holds to be no security issue of its package
_URGENCIES = {word: _WORDS[word] for word in ("low", "medium", "high")}

# Weights of the metrics (CVSS 3.1, section 7.4); privileges weigh more where the scope changes.
_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def of_record(record: Mapping[str, Any]) -> Severity:
    """Return the severity that an OSV record tells, UNKNOWN where it tells none."""
    if str(record.get("id", "")).startswith(_MALICIOUS):
        return Severity.CRITICAL
    urgencies = {_urgency(affected) for affected in _tables(record.get("affected"))}
    if _UNIMPORTANT in urgencies:
        return Severity.LOW
    specific = record.get("database_specific")
    word = specific.get("severity") if isinstance(specific, dict) else None
    told = [_WORDS.get(str(word).lower(), Severity.UNKNOWN)]
    told += [_URGENCIES.get(urgency, Severity.UNKNOWN) for urgency in urgencies]
    vectors = [_of_score(score) for score in _scores(record)]
    return max(told) or max(vectors, default=Severity.UNKNOWN)


def _urgency(affected: Mapping[str, Any]) -> str:
    specific = affected.get("ecosystem_specific")
    return str(specific.get("urgency", "")).rstrip("*") if isinstance(specific, dict) else ""


def _scores(record: Mapping[str, Any]) -> Iterator[str]:
    for holder in (record, *_tables(record.get("affected"))):
        for severity in _tables(holder.get("severity")):
            yield str(severity.get("score", ""))


def _tables(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _of_score(vector: str) -> Severity:
    score = base_score(vector)
    if score is None:
        return Severity.UNKNOWN
    bounds = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
    return next((severity for bound, severity in bounds if score >= bound), Severity.LOW)


def base_score(vector: str) -> float | None:
    """Return the base score, 0 to 10, of a CVSS 3.0 or 3.1 vector; None for anything else.

    Source: CVSS 3.1 specification, section 7.1 and appendix A (rounding).
    """
    version, _, rest = vector.partition("/")
    metrics = dict(part.split(":", 1) for part in rest.split("/") if ":" in part)
    if version not in {"CVSS:3.0", "CVSS:3.1"}:
        return None
    try:
        weight = {name: values[metrics[name]] for name, values in _WEIGHTS.items()}
        privileges = _PRIVILEGES[metrics["S"]][metrics["PR"]]
    except KeyError:
        return None
    changed = metrics["S"] == "C"
    base = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    exploitability = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    if impact <= 0:
        return 0.0
    return _rounded_up(min((1.08 if changed else 1) * (impact + exploitability), 10))


def _rounded_up(score: float) -> float:
    """Round up to one decimal, on whole numbers, so that 4.02 never becomes 4.1 by a float's error."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10
