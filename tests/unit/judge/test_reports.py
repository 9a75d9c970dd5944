"""What users and machines see: golden files, written anew with AIRLOCK_TEST_WRITE_GOLDEN=1."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from airlock_spec.check import baseline
from airlock_spec.check.catalogue import CHECKS
from airlock_spec.check.facts import (
    Attempt,
    ImportCost,
    Isolation,
    Kind,
    Need,
    Pattern,
    Place,
    Read,
    Run,
    Source,
    Way,
)
from airlock_spec.check.finding import Finding, Severity
from airlock_spec.check.report import Report, isolation, report
from airlock_spec.check.reports import FORMATS, render
from airlock_spec.check.settings import Settings
from facts_made import dag, file, problem, run

GOLDEN = Path(__file__).parent / "golden"
EVIL = "]]><script>|`x`|\x1b[31m\r\n::error::%0A\u202e\ud800\x00&"


def example() -> Report:
    orders = file(
        reads=(Read(Source.VARIABLE, "region", Place("orders.py", 3)),),
        problems=(problem(Kind.IMPORT, detail="Traceback:\n  orders.py:3\nKeyError: 'region'"),),
    )
    late = file(
        "late.py",
        seconds=7.25,
        dags=(dag("late", "late.py"), dag("later", "late.py", 9)),
        attempts=(Attempt(Way.CONNECT, "db.internal:5432", Place("lib/db.py", 12)),),
        needs=(Need("a.EcsRunTaskOperator", "ecs", task_id="run", dag_id="late", place=Place("late.py", 6)),),
        imports=(ImportCost("torch", 5.5), ImportCost("pandas", 1.25)),
    )
    facts = run(
        orders,
        late,
        file("good.py", seconds=0.25, dags=(dag("good", "good.py"),)),
        unmatched=(Pattern("sub/.*", Place(".airflowignore", 4)),),
    )
    known = Finding(
        "AL403", Severity.WARNING, "dags/.airflowignore", 9, "the pattern 'sub/.*' matches nothing", ""
    )
    gone = replace(known, path="dags/gone.py")
    sources = {"late.py": "import torch\n\n\n\n\nrun()  # airlock: ignore[AL501] made next week\n"}
    return report(
        facts,
        Settings(),
        sources=sources,
        extra=[
            Finding(
                "AIR301", Severity.INFO, "dags/good.py", 2, "`schedule_interval` is removed", "use schedule"
            )
        ],
        baseline=baseline.write([known, gone]),
        seconds=3.14,
        notes=["what was in no sandbox is said here"],
    )


def of(*findings: Finding, facts: Run | None = None) -> Report:
    return Report(facts or run(file()), findings)


def evil() -> Finding:
    return Finding("AL201", Severity.ERROR, f"dags/{EVIL}.py", 3, EVIL, EVIL, EVIL, EVIL, EVIL)


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_is_what_it_was(form: str) -> None:
    path = GOLDEN / f"report.{form}"
    text = render(example(), form)
    if form == "sarif":  # the documentation is another test's
        document = json.loads(text)
        document["runs"][0]["tool"]["driver"]["rules"] = ["…"]
        text = json.dumps(document, indent=2) + "\n"
    if os.environ.get("AIRLOCK_TEST_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_report_is_one(form: str) -> None:
    assert render(Report(run(), ()), form)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_a_dag_says_can_command_what_shows_it(form: str) -> None:
    text = render(of(evil()), form)

    assert all(char.isprintable() or char == "\n" for char in text)
    text.encode("utf-8")


def test_colours_are_there_only_where_they_are_asked_for() -> None:
    assert "\x1b[31merror  \x1b[0m  AL211" in render(example(), "text", colour=True)
    assert "\x1b" not in render(example(), "text")
    assert "\x1b" not in render(example(), "json", colour=True)


def test_of_a_long_detail_the_end_is_shown() -> None:
    finding = replace(evil(), detail="\n".join(f"line {number}" for number in range(40)))

    text = render(of(finding), "text")

    assert "| … 28 lines" in text
    assert "| line 39" in text
    assert "| line 27" not in text


def test_what_fails_is_decided_by_the_severity() -> None:
    warning = Finding("AL302", Severity.WARNING, "dags/a.py", 0, "slow", "")

    assert of(warning).exit_code == 0
    assert replace(of(warning), fail_on=Severity.WARNING).exit_code == 1
    assert replace(of(warning), fail_on=Severity.INFO).exit_code == 1
    assert of().exit_code == 0


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            Isolation(namespace=True, seccomp=True, notified=True),
            "no network (a namespace and seccomp); every attempt is reported",
        ),
        (
            Isolation(namespace=False, seccomp=True, notified=False),
            "no network (seccomp); attempts of native code are refused, not reported",
        ),
        (
            Isolation(namespace=False, seccomp=False, notified=False),
            "not isolated: what DAGs asked of the network was not refused",
        ),
    ],
)
def test_isolation_is_said_in_one_line(what: Isolation, said: str) -> None:
    assert isolation(what) == said


def test_only_what_was_looked_at_is_missed_by_a_baseline() -> None:
    known = baseline.write([Finding("AL201", Severity.ERROR, "dags/other.py", 1, "connects", "")])

    assert len(report(run(file()), Settings(), baseline=known).gone) == 1
    assert report(run(file()), Settings(), baseline=known, partial=True).gone == ()


# JSON


def test_json_has_all_of_a_finding_as_it_is() -> None:
    (one,) = json.loads(render(of(replace(evil(), message="x\x1b")), "json"))["findings"]

    place = {"path", "line", "dag_id", "task_id", "resource"}
    assert set(one) == {"code", "severity", "message", "fix", "detail"} | place
    assert (one["severity"], one["message"]) == ("error", "x\x1b")


# JUnit


def read_xml(shown: Report) -> ET.Element:
    return ET.fromstring(render(shown, "junit"))  # noqa: S314 - our own


def test_junit_has_a_case_for_each_file_and_fails_those_with_what_blocks() -> None:
    suite = read_xml(example()).find("testsuite")
    assert suite is not None
    cases = {case.get("file"): case for case in suite}

    assert {path: case.find("failure") is not None for path, case in cases.items()} == {
        "dags/orders.py": True,
        "dags/late.py": False,
        "dags/good.py": False,
        "dags/lib/db.py": True,
    }
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    assert cases["dags/late.py"].findtext("system-out", "").startswith("dags/late.py: warning AL302")


def test_junit_says_what_a_dag_says_unchanged_where_xml_can() -> None:
    finding = replace(evil(), path="dags/a.py", message="a < b && \"c\" 'd' ]]>")

    failure = read_xml(of(finding)).find(".//failure")

    assert failure is not None
    assert failure.get("message") == "AL201 a < b && \"c\" 'd' ]]>"


# SARIF


def sarif(shown: Report) -> dict[str, Any]:
    (only,) = json.loads(render(shown, "sarif"))["runs"]
    assert isinstance(only, dict)
    return only


def test_sarif_has_the_documentation_of_every_code_as_its_help() -> None:
    rules = sarif(example())["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [*(check.code for check in CHECKS), "AIR301"]
    for rule, check in zip(rules, CHECKS, strict=False):
        assert rule["help"]["markdown"] == check.documentation()
        assert rule["shortDescription"]["text"] == check.title
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_sarif_has_the_shape_that_code_scanning_reads() -> None:
    document = json.loads(render(example(), "sarif"))
    only = document["runs"][0]
    rules = [rule["id"] for rule in only["tool"]["driver"]["rules"]]

    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    assert len(only["results"]) == len(example().findings)
    for result in only["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert not place["artifactLocation"]["uri"].startswith(("/", "file:"))
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch(r"[0-9a-f]{32}", result["partialFingerprints"]["airlockFinding/v1"])


def test_fingerprints_stay_when_lines_move_and_differ_between_findings() -> None:
    def prints(*findings: Finding) -> list[str]:
        return [one["partialFingerprints"]["airlockFinding/v1"] for one in sarif(of(*findings))["results"]]

    one = replace(evil(), path="dags/a.py")
    first, second = prints(one, replace(one, line=9))

    assert first != second
    assert prints(replace(one, line=77)) == [first]
    assert prints(replace(one, code="AL202")) != [first]


def test_a_path_is_a_uri() -> None:
    (result,) = sarif(of(replace(evil(), path="dags/a b#ä?.py")))["results"]

    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "dags/a%20b%23%C3%A4%3F.py"


# GitHub


def test_workflow_commands_cannot_be_broken_out_of() -> None:
    finding = replace(evil(), path="dags/a:b,c%.py", message="100%\n::warning::x", fix="")

    first, *rest = render(of(finding), "github").splitlines()

    assert first == (
        "::error file=dags/a%3Ab%2Cc%25.py,line=3,title=AL201 connects while it is parsed::100%25%0A::warning::x"
    )
    assert not any(line.startswith("::") for line in rest)


# Markdown


def test_markdown_stays_within_what_a_comment_may_hold() -> None:
    findings = [
        replace(evil(), path=f"dags/{number}.py", severity=severity)
        for number in range(400)
        for severity in (Severity.ERROR, Severity.WARNING)
    ]
    long = replace(of(*findings), notes=("n" * 100_000,) * 200)

    text = render(long, "markdown")

    assert len(text) <= 60_000
    assert re.search(r"… and \d+ more findings", text)


def test_every_row_of_markdown_has_as_many_cells_as_its_head() -> None:
    text = render(of(evil(), replace(evil(), message="a\\|b|c``d|", severity=Severity.INFO)), "markdown")

    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 6
    assert {len(re.findall(r"(?:\\.|[^\\|])+(?=\|)", row)) for row in rows} == {4}
