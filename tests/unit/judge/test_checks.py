"""Each code: what it finds in facts, and what is near and is none."""

from __future__ import annotations

import pytest

from airlock_spec.check.catalogue import BY_CODE, CHECKS
from airlock_spec.check.checks.parsing import OfKind
from airlock_spec.check.facts import (
    Attempt,
    File,
    ImportCost,
    Kind,
    Need,
    Pattern,
    Place,
    Read,
    Reason,
    Run,
    Skipped,
    Source,
    Unstable,
    Way,
)
from airlock_spec.check.finding import Finding, Severity
from airlock_spec.check.judge import judge
from airlock_spec.check.settings import House, Network, Settings
from facts_made import dag, file, problem, run, task

AT = Place("orders.py", 3)


def found(facts: Run, settings: Settings | None = None, **sources: str) -> list[Finding]:
    texts = {f"{name}.py": text for name, text in sources.items()}
    return list(judge(facts, settings or Settings(), prefix="", sources=texts).findings)


def said(facts: Run, settings: Settings | None = None, **sources: str) -> list[tuple[str, str, int]]:
    return [(one.code, one.path, one.line) for one in found(facts, settings, **sources)]


@pytest.mark.parametrize(
    "check", [check for check in CHECKS if isinstance(check, OfKind)], ids=lambda one: one.code
)
def test_each_kind_of_problem_has_its_code(check: OfKind) -> None:
    facts = run(file(problems=(problem(check.kind, dag_id="orders", task_id="load", detail="more"),)))

    (finding,) = found(facts, Settings(pools=()))

    assert (finding.code, finding.severity, finding.fix) == (check.code, check.severity, check.fix)
    assert (finding.path, finding.line, finding.dag_id, finding.task_id) == ("orders.py", 3, "orders", "load")
    assert (finding.message, finding.detail) == ("KeyError: 'region'", "more")


def test_every_kind_of_problem_is_reported() -> None:
    files = [file(f"{kind}.py", problems=(problem(kind, place=Place(f"{kind}.py", 1)),)) for kind in Kind]

    assert {one.path for one in found(run(*files), Settings(pools=()))} == {f"{kind}.py" for kind in Kind}


def test_pools_are_not_judged_unless_they_are_known() -> None:
    assert said(run(file(problems=(problem(Kind.POOL),)))) == []


@pytest.mark.parametrize(
    ("way", "code", "verb"),
    [
        (Way.CONNECT, "AL201", "connects to"),
        (Way.RESOLVE, "AL202", "resolves"),
        (Way.SEND, "AL203", "sends a datagram to"),
    ],
)
def test_an_attempt_to_leave_is_found_with_what_was_tried(way: Way, code: str, verb: str) -> None:
    attempt = Attempt(way, "db.internal:5432", AT, program="psql", caller="lib.py:3 connect")

    (finding,) = found(run(file(attempts=(attempt,))))

    assert finding.code == code
    assert finding.message == f"{verb} db.internal:5432 while it is parsed, by the program psql"
    assert finding.detail == "called in lib.py:3 connect"


def test_one_call_that_tries_several_addresses_is_one_finding() -> None:
    attempts = tuple(Attempt(Way.CONNECT, target, AT) for target in ("[::1]:80", "127.0.0.1:80"))

    (finding,) = found(run(file(attempts=attempts)))

    assert finding.message == "connects to 127.0.0.1:80, [::1]:80 while it is parsed"


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        (Source.VARIABLE, "AL211", "reads the Variable 'region' while it is parsed"),
        (Source.CONNECTION, "AL212", "reads the Connection 'region' while it is parsed"),
        (Source.DATABASE, "AL213", "reads the metadata database while it is parsed"),
    ],
)
def test_what_is_read_is_found(source: Source, code: str, message: str) -> None:
    (finding,) = found(run(file(reads=(Read(source, "region", AT),))))

    assert (finding.code, finding.message, finding.line) == (code, message, 3)


def test_a_dag_id_in_two_files_is_found_in_both() -> None:
    facts = run(
        file("a.py", dags=(dag(path="a.py", line=2),)),
        file("b.py", dags=(dag(path="b.py", line=7),)),
        file("c.py", dags=(dag("customers", path="c.py"),)),
    )

    assert [(one.code, one.path, one.line, one.message) for one in found(facts)] == [
        ("AL110", "a.py", 2, "DAG id 'orders' is defined in b.py, too"),
        ("AL110", "b.py", 7, "DAG id 'orders' is defined in a.py, too"),
    ]


def test_a_dag_that_another_file_imports_is_no_duplicate() -> None:
    facts = run(file("a.py", dags=(dag(path="a.py"),)), file("b.py", dags=(dag(path="a.py"),)))

    assert said(facts) == []


def test_two_files_that_make_one_id_by_a_factory_are_duplicates() -> None:
    made = dag(path="factory.py", line=9)

    facts = run(file("a.py", dags=(made,)), file("b.py", dags=(made,)))

    assert {(one.code, one.path, one.line) for one in found(facts)} == {("AL110", "factory.py", 9)}
    assert {one.message for one in found(facts)} == {
        "DAG id 'orders' is defined in a.py, too",
        "DAG id 'orders' is defined in b.py, too",
    }


def test_an_unstable_dag_is_found_with_both_values_in_its_detail() -> None:
    one = Unstable("orders", "dag.tasks[load].env", "a1", "b2", AT)

    (finding,) = found(run(file(unstable=(one,))))

    assert (finding.code, finding.dag_id, finding.line) == ("AL301", "orders", 3)
    assert finding.message == "the serialized DAG differs between two parses, at dag.tasks[load].env"
    assert finding.detail == "first:  a1\nsecond: b2"


def test_of_two_dags_with_one_id_it_is_not_said_that_they_differ() -> None:
    one = Unstable("orders", "dag.timetable", "a1", "b2", AT)
    other = Unstable("customers", "dag.timetable", "a1", "b2", AT)
    twice = problem(Kind.DUPLICATE, "defined twice", dag_id="orders")

    findings = found(run(file(unstable=(one, other), problems=(twice,))))

    assert [(each.code, each.dag_id) for each in findings] == [("AL110", "orders"), ("AL301", "customers")]


def test_a_file_over_the_budget_is_found_with_the_dearest_imports() -> None:
    costs = tuple(ImportCost(name, seconds) for name, seconds in (("pandas", 3.0), ("torch", 2.5)))

    (finding,) = found(run(file(seconds=6.0, imports=costs)))

    assert (finding.code, finding.line) == ("AL302", 0)
    assert finding.message == "takes 6.0 s to import, over the budget of 5 s"
    assert finding.fix == "import in tasks what only tasks use; the dearest: pandas 3.00 s, torch 2.50 s"


def test_a_file_within_the_budget_is_not() -> None:
    assert said(run(file(seconds=6.0)), Settings(budget=6)) == []


@pytest.mark.parametrize(
    "source",
    [
        "@dag(schedule=None)\ndef orders():\n    pass\n",
        "@airflow.sdk.dag\ndef orders():\n    pass\n",
        "for name in []:\n    with DAG(name):\n        pass\n",
        "def orders():\n    return DAG('orders')\nif __name__ == '__main__':\n    orders().test()\n",
    ],
)
def test_a_file_that_could_make_a_dag_and_makes_none_is_found(source: str) -> None:
    assert said(run(file()), orders=source) == [("AL303", "orders.py", 0)]


@pytest.mark.parametrize(
    "source",
    [
        "from airflow.sdk import dag\n",
        "class Factory:\n    def make(self):\n        return DAG('orders')\n",
        "def takes(dag: DAG) -> DAG:\n    return dag\n",
        "def broken(:\n  DAG('x')",
    ],
)
def test_a_file_that_makes_no_dag_and_need_not_is_not(source: str) -> None:
    assert said(run(file()), orders=source) == []


def test_a_function_that_another_file_names_is_made_for_it() -> None:
    factory = "def build(name):\n    return DAG(name)\n"

    assert said(run(file()), orders=factory, other="from orders import build\n") == []
    assert said(run(file()), orders=factory, other="rebuild()\n") == [("AL303", "orders.py", 0)]


def test_a_file_that_could_not_be_parsed_is_not_said_to_make_no_dag() -> None:
    facts = run(file(problems=(problem(Kind.CRASH),)))

    assert said(facts, orders="DAG('orders')\n") == [("AL103", "orders.py", 3)]


@pytest.mark.parametrize(
    ("reason", "code", "severity"),
    [
        (Reason.SAFE_MODE, "AL401", Severity.WARNING),
        (Reason.IGNORED, "AL402", Severity.INFO),
        (Reason.NESTED, "AL404", Severity.WARNING),
    ],
)
def test_a_skipped_file_is_found_where_it_looks_like_a_dag_file(
    reason: Reason, code: str, severity: Severity
) -> None:
    like = Skipped("old.py", reason, "old*", Place(".airflowignore", 2), looks_like_dag=True)
    unlike = Skipped("helper.py", reason, "helper*", Place(".airflowignore", 3))

    (finding,) = found(run(skipped=(like, unlike)))

    assert (finding.code, finding.severity, finding.path, finding.line) == (code, severity, "old.py", 0)
    assert ("the pattern 'old*' (.airflowignore:2)" in finding.message) is (code == "AL402")


def test_a_pattern_that_matches_nothing_is_found_at_its_line() -> None:
    facts = run(unmatched=(Pattern("sub/.*", Place(".airflowignore", 4)),))

    assert said(facts) == [("AL403", ".airflowignore", 4)]


def need(**facts: object) -> File:
    values: dict[str, object] = {
        "by": "x.y.EcsRunTaskOperator",
        "dag_id": "orders",
        "task_id": "run",
        "place": AT,
    }
    return file(needs=(Need(**(values | facts)),))  # type: ignore[arg-type]


def test_a_service_without_an_endpoint_is_found_for_each_task() -> None:
    (finding,) = found(run(need(service="ecs")))

    assert (finding.code, finding.dag_id, finding.task_id, finding.line) == ("AL501", "orders", "run", 3)
    assert finding.message == "EcsRunTaskOperator needs the endpoint 'ecs', which the network does not have"
    assert "com.amazonaws.REGION.ecs ($14.60 a month in 2 zones), and add 'ecs'" in finding.fix


def test_the_endpoints_of_the_network_are_those_of_the_settings_or_of_the_decision() -> None:
    assert said(run(need(service="s3"))) == []
    assert said(run(need(service="ecs")), Settings(network=Network(endpoints=("ecs",)))) == []
    assert said(run(need(service="s3")), Settings(network=Network(endpoints=()))) == [
        ("AL501", "orders.py", 3)
    ]


def test_a_service_that_airlock_does_not_know_is_found_too() -> None:
    (finding,) = found(run(need(service="telepathy")))

    assert (
        finding.message
        == "EcsRunTaskOperator needs the endpoint 'telepathy', which the network does not have"
    )


def test_a_function_is_named_with_its_module() -> None:
    (finding,) = found(run(need(by="requests.get", host="api.example.com")))

    assert finding.message == "requests.get reaches api.example.com, which is outside the network"


def test_what_operator_and_hook_both_need_is_one_finding_of_the_task() -> None:
    needs = tuple(
        Need(by, service="ecs", task_id="run", dag_id="orders", place=AT) for by in ("a.Op", "a.Hook")
    )

    assert said(run(file(needs=needs))) == [("AL501", "orders.py", 3)]


def test_what_airflow_itself_needs_is_found_on_the_configuration() -> None:
    (finding,) = found(run(common=(Need("executor", service="sqs"),)))

    assert (finding.code, finding.path, finding.line) == ("AL501", "pyproject.toml", 0)
    assert finding.message.startswith("Airflow's configuration (executor) needs the endpoint 'sqs'")


@pytest.mark.parametrize(
    ("host", "allowed", "is_found"),
    [
        ("slack.com", (), True),
        ("slack.com", ("*.slack.com",), True),
        ("slack.com", ("slack.com",), False),
        ("hooks.slack.com", ("*.slack.com",), False),
        ("*.snowflakecomputing.com", ("acme.snowflakecomputing.com",), False),
        ("*.snowflakecomputing.com", ("*.SnowflakeComputing.com",), False),
    ],
)
def test_a_host_outside_is_found_unless_a_pattern_allows_it(
    host: str, allowed: tuple[str, ...], *, is_found: bool
) -> None:
    findings = found(run(need(host=host)), Settings(network=Network(hosts=allowed)))

    assert [one.code for one in findings] == ["AL502"] * is_found
    assert all("OutboxOperator" in one.fix for one in findings)


HOUSE = {
    "AL601": (
        House(owner="team-.*"),
        dag(tasks=(task(owner="me"),)),
        dag(tasks=(task(owner="team-a, team-b"),)),
    ),
    "AL602": (House(tags=("team:*",)), dag(tags=("x",)), dag(tags=("x", "team:y"))),
    "AL603": (House(retries=2), dag(tasks=(task(retries=1),)), dag(tasks=(task(retries=2),))),
    "AL604": (House(dag_id="[a-z]+"), dag("Orders"), dag("orders")),
    "AL605": (House(description=True), dag(description=" "), dag(description="Loads")),
}


@pytest.mark.parametrize("code", HOUSE)
def test_a_rule_of_the_house_is_asked_for_only_where_it_is_set(code: str) -> None:
    house, wrong, right = HOUSE[code]

    assert [one.code for one in found(run(file(dags=(wrong,))), Settings(house=house))] == [code]
    assert said(run(file(dags=(right,))), Settings(house=house)) == []
    assert said(run(file(dags=(wrong,)))) == []


def test_tasks_of_a_dag_with_one_fault_are_one_finding_at_the_first() -> None:
    tasks = tuple(task(f"t{number}", line=number, owner="me") for number in range(6, 12))

    (finding,) = found(run(file(dags=(dag(tasks=tasks),))), Settings(house=House(owner="team")))

    assert (finding.line, finding.task_id) == (6, "")
    assert finding.message == "the owner 'me' does not match 'team': t6, t7, t8 and 3 more"


def test_codes_are_in_order_and_none_is_twice() -> None:
    codes = [check.code for check in CHECKS]

    assert codes == sorted(BY_CODE)
