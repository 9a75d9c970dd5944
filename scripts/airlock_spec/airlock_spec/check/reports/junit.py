"""The report as JUnit's XML: one test case for each DAG file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from airlock_spec.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock_spec.check.finding import Finding
    from airlock_spec.check.report import Report

NAME = "airlock check"


def render(report: Report) -> str:
    """Return XML: findings that block as a file's failure, others as its output.

    A file that is no DAG file, as an .airflowignore, is a case where it has findings.
    """
    seconds = {report.prefix + file.path: file.seconds for file in report.run.files if file.path}
    by_path: dict[str, list[Finding]] = {path: [] for path in seconds}
    for finding in report.findings:
        by_path.setdefault(finding.path, []).append(finding)
    blocking = set(report.blocking)
    cases = [_case(path, found, seconds.get(path, 0.0), blocking) for path, found in by_path.items()]
    totals = {
        "name": NAME,
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


def _case(path: str, found: Iterable[Finding], seconds: float, blocking: set[Finding]) -> ET.Element:
    folder, _, name = path.rpartition("/")
    case = ET.Element(
        "testcase",
        {
            "classname": printable(folder.replace("/", ".") or NAME),
            "name": printable(name),
            "file": printable(path),
            "time": f"{seconds:.3f}",
        },
    )
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
    place = f"{one.path}:{one.line}" if one.line else one.path
    told = f"{place}: {one.severity} {one.code}: {one.message}"
    fix = f"fix: {one.fix}" if one.fix else ""
    return printable("\n".join(filter(None, (told, fix, one.detail))), keep="\n")
