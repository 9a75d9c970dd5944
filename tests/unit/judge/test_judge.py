from __future__ import annotations

import pytest

from airlock_spec.check.facts import Attempt, Kind, Place, Read, Source, Way
from airlock_spec.check.finding import Finding, Severity
from airlock_spec.check.judge import judge
from airlock_spec.check.settings import Settings
from facts_made import file, problem, run

AT = Place("orders.py", 3)
HELPER = Place("lib/client.py", 9)


def test_an_import_error_that_follows_from_what_its_line_asks_for_is_told_with_it() -> None:
    facts = run(
        file(reads=(Read(Source.VARIABLE, "region", AT),), problems=(problem(Kind.IMPORT, detail="tb"),))
    )

    (finding,) = judge(facts, Settings()).findings

    assert (finding.code, finding.severity) == ("AL211", Severity.ERROR)
    assert finding.message == (
        "reads the Variable 'region' while it is parsed; the import fails with it: KeyError: 'region'"
    )
    assert finding.detail == "tb"


def test_of_two_things_asked_for_at_that_line_the_first_tells_it() -> None:
    attempts = (Attempt(Way.RESOLVE, "a.example", AT), Attempt(Way.CONNECT, "10.0.0.1:80", AT))

    findings = judge(run(file(attempts=attempts, problems=(problem(Kind.IMPORT),))), Settings()).findings

    assert [(one.code, "import fails" in one.message) for one in findings] == [
        ("AL201", True),
        ("AL202", False),
    ]


@pytest.mark.parametrize("read", [Place("orders.py", 2), Place("orders.py", 0), Place("other.py", 3)])
def test_an_import_error_at_another_line_is_told_by_itself(read: Place) -> None:
    facts = run(
        file(reads=(Read(Source.VARIABLE, "region", read),), problems=(problem(Kind.IMPORT, line=3),))
    )

    findings = judge(facts, Settings()).findings

    assert {(one.code, one.severity) for one in findings} == {
        ("AL101", Severity.ERROR),
        ("AL211", Severity.WARNING),
    }


def test_a_whole_file_that_fails_and_asks_without_a_known_line_is_two_findings() -> None:
    nowhere = Place("orders.py")
    facts = run(
        file(
            attempts=(Attempt(Way.CONNECT, "10.0.0.1:80", nowhere),),
            problems=(problem(Kind.IMPORT, place=nowhere),),
        )
    )

    assert [one.code for one in judge(facts, Settings()).findings] == ["AL101", "AL201"]


def test_what_two_files_show_of_a_module_that_both_import_is_one_finding() -> None:
    attempt = Attempt(Way.CONNECT, "10.0.0.1:80", HELPER)

    (finding,) = judge(
        run(file("a.py", attempts=(attempt,)), file("b.py", attempts=(attempt,))), Settings()
    ).findings

    assert (finding.path, finding.line) == ("dags/lib/client.py", 9)
    assert finding.detail == "seen while parsing a.py, b.py"


def test_a_place_in_the_image_is_told_at_the_dag_file() -> None:
    place = Place("/opt/airflow/config/airflow_local_settings.py", 4)

    (finding,) = judge(
        run(file(problems=(problem(Kind.POLICY, "no tags", place=place),))), Settings()
    ).findings

    assert (finding.path, finding.line) == ("dags/orders.py", 0)
    assert finding.message == "no tags (at /opt/airflow/config/airflow_local_settings.py:4)"


def test_a_problem_without_a_place_is_the_files_or_the_projects() -> None:
    nowhere = problem(Kind.CRASH, place=Place(""))

    findings = judge(run(file(problems=(nowhere,)), file("", problems=(nowhere,))), Settings()).findings

    assert [one.path for one in findings] == ["dags/orders.py", "pyproject.toml"]


@pytest.mark.parametrize(
    ("select", "ignore", "kept"),
    [
        ((), (), ["AL101", "AL201", "AIR301"]),
        (("AL",), (), ["AL101", "AL201"]),
        (("AL1", "AIR"), (), ["AL101", "AIR301"]),
        ((), ("AL2",), ["AL101", "AIR301"]),
        (("AL201",), ("AL2",), ["AL201"]),
        (("AL2",), ("AL201",), []),
        (("AL2",), ("AL2",), []),
    ],
)
def test_the_longer_beginning_of_a_code_decides(
    select: tuple[str, ...], ignore: tuple[str, ...], kept: list[str]
) -> None:
    facts = run(
        file(
            attempts=(Attempt(Way.CONNECT, "10.0.0.1:80", Place("orders.py", 9)),),
            problems=(problem(Kind.IMPORT),),
        )
    )
    extra = [Finding("AIR301", Severity.WARNING, "dags/orders.py", 20, "removed", "")]

    findings = judge(facts, Settings(select=select, ignore=ignore), extra=extra).findings

    assert [one.code for one in findings] == kept


def test_findings_are_in_order_whatever_the_order_of_the_facts() -> None:
    one = file(
        "b.py",
        problems=(problem(Kind.CRASH, place=Place("b.py", 30)), problem(Kind.CRASH, place=Place("b.py", 4))),
    )
    other = file("a.py", problems=(problem(Kind.CRASH, place=Place("a.py", 100)),))

    findings = judge(run(one, other), Settings(), prefix="").findings

    assert [(each.path, each.line) for each in findings] == [("a.py", 100), ("b.py", 4), ("b.py", 30)]
    assert findings == judge(run(other, one), Settings(), prefix="").findings
