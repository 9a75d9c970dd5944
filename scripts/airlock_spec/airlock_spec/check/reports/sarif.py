"""The report as SARIF 2.1.0, which code scanning reads."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import astuple
from typing import TYPE_CHECKING
from urllib.parse import quote

from airlock_spec.check.baseline import Entry, entry
from airlock_spec.check.finding import Severity
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from airlock_spec.check.documented import Documented
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
FINGERPRINT = "airlockFinding/v1"


def render(report: Shown) -> str:
    """Return one run of the tool `airlock`: all its rules, with their documentation as help."""
    known = [rule.code for rule in report.rules]
    others = sorted({one.code for one in report.findings}.difference(known))
    rules = [*map(_rule, report.rules), *({"id": code} for code in others)]
    number_of = {code: number for number, code in enumerate([*known, *others])}
    seen: Counter[Entry] = Counter()
    results = []
    for finding in report.findings:
        same = entry(finding)
        results.append(_result(finding, number_of[finding.code], _fingerprint(same, seen[same])))
        seen[same] += 1
    run = {
        "tool": {"driver": {"name": "airlock", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the project's folder"}}},
        "invocations": [{"executionSuccessful": True}],
        "results": results,
        "properties": dict(report.properties),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(check: Documented) -> dict[str, object]:
    documentation = check.documentation()
    return {
        "id": check.code,
        "name": type(check).__name__,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": documentation.partition("\n")[0]},
        "help": {"text": documentation, "markdown": documentation},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
    }


def _result(one: Finding, rule: int, fingerprint: str) -> dict[str, object]:
    message = "\n".join(filter(None, (one.message, f"fix: {one.fix}" if one.fix else "", one.detail)))
    names = {"dag_id": one.dag_id, "task_id": one.task_id, "resource": one.resource}
    return {
        "ruleId": one.code,
        "ruleIndex": rule,
        "level": LEVELS[one.severity],
        "message": {"text": printable(message, keep="\n")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": quote(one.path or one.resource, errors="replace"),
                        "uriBaseId": "%SRCROOT%",
                    },
                    # A finding about a whole file has no line; code scanning shows none without.
                    "region": {"startLine": one.line or 1},
                }
            }
        ],
        "partialFingerprints": {FINGERPRINT: fingerprint},
        "properties": {name: value for name, value in names.items() if value},
    }


def _fingerprint(one: Entry, before: int) -> str:
    """Identify a finding by what stays when lines move, and how many like it come before."""
    return hashlib.sha256(json.dumps([*astuple(one), before]).encode()).hexdigest()[:32]
