from __future__ import annotations

from typing import Any

import pytest

from airlock_spec.check.facts import Attempt, Kind, Place, Way
from airlock_spec.check.finding import Finding, Severity
from airlock_spec.check.ignores import EVERYWHERE, Ignore, Misuse, read
from airlock_spec.check.judge import judge
from airlock_spec.check.settings import House, Settings
from facts_made import file, problem, run


def lines(source: str) -> list[tuple[int, list[int]]]:
    return [(one.line, list(one.lines)) for one in read(source) if isinstance(one, Ignore)]


def test_a_comment_on_a_line_is_for_that_line() -> None:
    source = "a = 1\nb = 2  # airlock: ignore[AL201, AL5] it is ours\n"

    assert read(source) == [Ignore(2, range(2, 3), ("AL201", "AL5"), "it is ours")]


def test_a_code_may_be_written_small() -> None:
    assert read("b = 2  # airlock: ignore[al201] it is ours\n") == [
        Ignore(1, range(1, 2), ("AL201",), "it is ours")
    ]


def test_a_comment_behind_any_line_of_a_statement_is_for_all_of_it() -> None:
    assert lines("call(\n    1,\n)  # airlock: ignore[AL2] why\nnext()\n") == [(3, [1, 2, 3])]


def test_a_comment_alone_is_for_the_statement_that_follows() -> None:
    source = "a = 1\n\n# airlock: ignore[AL2] why\n# more\n\ncall(\n    1)\nb = 2\n"

    assert lines(source) == [(3, [6, 7])]


def test_a_comment_alone_between_the_lines_of_a_statement_is_for_the_next_of_them() -> None:
    assert lines("tasks = [\n    # airlock: ignore[AL2] why\n    one(),\n    two(),\n]\n") == [(2, [3])]


def test_the_head_of_a_block_is_a_statement_of_its_own() -> None:
    assert lines("with DAG('a'):  # airlock: ignore[AL2] why\n    task()\n") == [(1, [1])]


@pytest.mark.parametrize(
    "before", ["", "#!/usr/bin/env python\n", '"""What it is."""\n', '"""What\nit is."""\n\n']
)
def test_an_ignore_of_the_file_stands_above_its_first_statement(before: str) -> None:
    (ignore,) = read(f"{before}# airlock: ignore-file[AL2] why\nimport os\n")

    assert isinstance(ignore, Ignore)
    assert ignore.lines == EVERYWHERE


@pytest.mark.parametrize(
    "source",
    [
        "import os\n# airlock: ignore-file[AL2] why\nimport sys\n",
        "import os  # airlock: ignore-file[AL2] why\n",
    ],
)
def test_an_ignore_of_the_file_below_it_is_refused(source: str) -> None:
    (misuse,) = read(source)

    assert isinstance(misuse, Misuse)


@pytest.mark.parametrize(
    "comment",
    ["airlock: ignore", "airlock: ignore AL201", "airlock: ignroe[AL201] why", "airlock: ignore[ , ] why"],
)
def test_a_comment_for_airlock_that_cannot_be_understood_is_said(comment: str) -> None:
    (misuse,) = read(f"a = 1  # {comment}\n")

    assert isinstance(misuse, Misuse)


def test_only_comments_count() -> None:
    assert read('a = "# airlock: ignore[AL201] why"\n"""\n# airlock: ignore[AL2] why\n"""\n') == []


def test_other_comments_may_stand_before_and_behind() -> None:
    (ignore,) = read("a = 1  # noqa: S1  # airlock: ignore[AL201] see #12  # and more\n")

    assert isinstance(ignore, Ignore)
    assert (ignore.codes, ignore.reason) == (("AL201",), "see #12")


@pytest.mark.parametrize(
    "broken", ["def f(:\n", "x = (\n", "if 1:\nx\n", '"""\n', "  a\n b\n", "x = '\n", "\x00"]
)
def test_of_a_broken_file_the_comments_above_the_break_are_had(broken: str) -> None:
    # How far the tokenizer comes differs from one Python to the next; that it ends, and invents nothing, does not.
    assert {line for line, _ in lines(f"a = 1  # airlock: ignore[AL2] why\n{broken}")} <= {1}
    assert lines("a = 1  # airlock: ignore[AL2] why\ndef f(:\n") == [(1, [1])]


def attempt(line: int) -> Attempt:
    return Attempt(Way.CONNECT, "10.0.0.1:80", Place("orders.py", line))


def judged(
    source: str, *attempts: Attempt, settings: Settings | None = None, **facts: Any
) -> list[tuple[str, int]]:
    findings = judge(
        run(file(attempts=attempts, **facts)), settings or Settings(), sources={"orders.py": source}
    ).findings
    return [(one.code, one.line) for one in findings]


def test_an_ignore_with_a_reason_hides_and_is_counted() -> None:
    source = "a()\nb()  # airlock: ignore[AL2] ours\n"

    judgement = judge(run(file(attempts=(attempt(1), attempt(2)))), Settings(), sources={"orders.py": source})

    assert [one.line for one in judgement.findings] == [1]
    assert judgement.ignored == 1


def test_an_ignore_without_a_reason_hides_and_is_found_itself() -> None:
    assert judged("a()  # airlock: ignore[AL201]\n", attempt(1)) == [("AL001", 1)]


def test_an_ignore_without_effect_is_found() -> None:
    assert judged("a()\nb()  # airlock: ignore[AL201] ours\n", attempt(1)) == [("AL201", 1), ("AL001", 2)]


def test_of_several_codes_each_must_have_an_effect() -> None:
    assert judged("a()  # airlock: ignore[AL201,AL211] ours\n", attempt(1)) == [("AL001", 1)]


def test_a_code_that_does_not_exist_is_found() -> None:
    assert judged("a()  # airlock: ignore[AL999] ours\n") == [("AL001", 1)]


@pytest.mark.parametrize("code", ["AL301", "AL302", "AL102", "AL110", "AL3", "AL111", "AL601", "AIR301"])
def test_an_ignore_of_what_was_not_looked_for_or_depends_on_chance_is_let_be(code: str) -> None:
    assert judged(f"a()  # airlock: ignore[{code}] ours\n") == []


def test_what_was_looked_for_by_request_is_judged() -> None:
    settings = Settings(house=House(owner="team"))

    assert judged("a()  # airlock: ignore[AL601] ours\n", settings=settings) == [("AL001", 1)]


def test_ignores_of_a_file_that_was_not_parsed_to_its_end_are_not_judged() -> None:
    source = "a()  # airlock: ignore[AL201] ours\n"

    assert judged(source, problems=(problem(Kind.IMPORT, line=2),)) == [("AL101", 2)]


def test_findings_of_other_tools_are_ignored_in_the_same_way() -> None:
    sources = {
        "orders.py": "a()  # airlock: ignore[AIR3] next year\nb()  # airlock: ignore[AIR3] next year\n"
    }
    extra = [Finding("AIR301", Severity.WARNING, "dags/orders.py", 1, "removed", "")]

    judgement = judge(run(file()), Settings(), sources=sources, extra=extra)

    assert [(one.code, one.line) for one in judgement.findings] == [("AL001", 2)]
    assert judgement.ignored == 1


def test_an_ignore_of_the_file_hides_what_has_no_line() -> None:
    source = "# airlock: ignore-file[AL302] torch is needed\nimport torch\n"

    assert judged(source, seconds=60.0) == []


def test_comments_of_files_that_were_not_checked_are_not_judged() -> None:
    sources = {"orders.py": "a()\n", "other.py": "b()  # airlock: ignore[AL201]\n"}

    assert judge(run(file()), Settings(), sources=sources).findings == ()


def test_a_module_that_a_dag_file_imports_has_ignores_too() -> None:
    elsewhere = Attempt(Way.CONNECT, "10.0.0.1:80", Place("lib/client.py", 1))
    sources = {"lib/client.py": "a()  # airlock: ignore[AL201] ours\n"}

    judgement = judge(run(file(attempts=(elsewhere,))), Settings(), sources=sources)

    assert (judgement.findings, judgement.ignored) == ((), 1)
