"""Where two forms of a DAG differ."""

from __future__ import annotations

from typing import Any

from airlock_probe import differing
from airlock_spec.check.facts import Dag, File, Place, Task, Unstable


def facts() -> File:
    tasks = tuple(
        Task(name, "x.Operator", Place("a.py", line), "me", 0, "default_pool", "all_success")
        for line, name in enumerate(("one", "two"), 5)
    )
    return File("a.py", 0.1, (Dag("a", Place("a.py", 3), "", (), "", "", catchup=False, tasks=tasks),))


def form(tasks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    wrapped = [{"__type": "operator", "__var": task} for task in tasks]
    return {"a": {"__version": 3, "dag": {"dag_id": "a", "tasks": wrapped, **more}}}


def test_a_field_of_a_task_is_named_by_the_task() -> None:
    first = form([{"task_id": "one", "env": {"x": 1}}, {"task_id": "two"}])
    second = form([{"task_id": "one", "env": {"x": 2}}, {"task_id": "two"}])
    assert differing.unstable(facts(), first, second) == (
        Unstable("a", "dag.tasks[one].env.x", "1", "2", Place("a.py", 5)),
    )


def test_the_order_of_tasks_is_no_difference_and_that_of_a_list_is() -> None:
    one, two = {"task_id": "one", "args": ["a", "b"]}, {"task_id": "two"}
    assert differing.unstable(facts(), form([one, two]), form([two, one])) == ()
    (found,) = differing.unstable(facts(), form([one, two]), form([one | {"args": ["b", "a"]}, two]))[:1]
    assert (found.where, found.first, found.second) == ("dag.tasks[one].args[0]", "a", "b")


def test_what_only_one_has_is_told() -> None:
    (found,) = differing.unstable(facts(), form([], tags=["x"]), form([]))
    assert (found.where, found.first, found.second, found.place) == (
        "dag.tags",
        "['x']",
        "nothing",
        Place("a.py", 3),
    )


def test_a_dag_that_only_one_parse_has_is_told() -> None:
    (found,) = differing.unstable(facts(), form([]), {})
    assert (found.dag_id, found.where, found.first) == ("a", "dag_id", "is there")


def test_where_the_file_is_makes_no_difference_and_five_are_enough() -> None:
    assert differing.unstable(facts(), form([], fileloc="/a"), form([], fileloc="/b")) == ()
    many = differing.unstable(facts(), form([], x=list(range(9))), form([], x=list(range(1, 10))))
    assert len(many) == 5
