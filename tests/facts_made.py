"""Facts as a probe would report them, for tests of what is made of them."""

from __future__ import annotations

from typing import Any

from airlock_spec.check.facts import Dag, File, Isolation, Kind, Place, Problem, Run, Task

SEALED = Isolation(namespace=True, seccomp=True, notified=True)


def run(*files: File, **more: Any) -> Run:
    return Run("3.3.2", "3.13.5", SEALED, files, **more)


def file(path: str = "orders.py", **facts: Any) -> File:
    return File(path, facts.pop("seconds", 0.1), **facts)


def dag(dag_id: str = "orders", path: str = "orders.py", line: int = 5, **facts: Any) -> Dag:
    values: dict[str, Any] = {
        "digest": "0" * 64,
        "tags": (),
        "description": "",
        "schedule": "@daily",
        "catchup": False,
        "tasks": (),
    }
    return Dag(dag_id, Place(path, line), **(values | facts))


def task(task_id: str = "load", line: int = 6, **facts: Any) -> Task:
    values: dict[str, Any] = {
        "operator": "airflow.providers.standard.operators.bash.BashOperator",
        "owner": "airflow",
        "retries": 0,
        "pool": "default_pool",
        "trigger_rule": "all_success",
    }
    return Task(task_id, place=Place("orders.py", line), **(values | facts))


def problem(kind: Kind, message: str = "KeyError: 'region'", line: int = 3, **facts: Any) -> Problem:
    return Problem(kind, message, facts.pop("place", Place("orders.py", line)), **facts)
