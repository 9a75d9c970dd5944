"""The report as JUnit's XML: one test case for each DAG file, or each rule of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from airlock_spec.check.reports.shown import place
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown


def render(report: Shown) -> str:
    """Return XML: findings that block as a case's failure, others as its output."""
    seconds = report.cases
    by_case: dict[str, list[Finding]] = {name: [] for name in seconds}
    for finding in report.findings:
        by_case.setdefault(report.case_of(finding), []).append(finding)
    blocking = set(report.blocking)
    cases = [_case(report, name, found, seconds.get(name, 0.0), blocking) for name, found in by_case.items()]
    totals = {
        "name": report.program,
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
        "time": f"{report.seconds:.3f}",
    }
    root = ET.Element("testsuites", totals)
    suite = ET.SubElement(root, "testsuite", totals | {"skipped": "0"})
    suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(
    report: Shown, path: str, found: list[Finding], seconds: float, blocking: set[Finding]
) -> ET.Element:
    folder, _, name = path.rpartition("/")
    attributes = {"classname": printable(folder.replace("/", ".") or report.program), "name": printable(name)}
    if report.cases_are_files:
        attributes["file"] = printable(path)
    case = ET.Element("testcase", {**attributes, "time": f"{seconds:.3f}"})
    failures = [one for one in found if one in blocking]
    if failures:
        first = failures[0]
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        message = f"{first.code} {printable(first.message)}{more}"
        # Some readers show no more than the first failure of a case: there is one, with all in it.
        node = ET.SubElement(case, "failure", {"type": first.code, "message": message})
        node.text = "\n\n".join(map(_told, failures))
    others = [one for one in found if one not in blocking]
    if others:
        ET.SubElement(case, "system-out").text = "\n\n".join(map(_told, others))
    return case


def _told(one: Finding) -> str:
    told = f"{place(one)}: {one.severity} {one.code}: {one.message}"
    fix = f"fix: {one.fix}" if one.fix else ""
    return printable("\n".join(filter(None, (told, fix, one.detail))), keep="\n")
