"""Rules of the house: nothing is asked for unless `house` of `[tool.airlock.check]` says so."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock_spec.check.checks.check import Check, Found, listed
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Subject
    from airlock_spec.check.facts import Dag, File, Run, Task
    from airlock_spec.check.settings import Settings


class Owner(Check):
    """A task's owner is not what the house asks for.

    In production, nobody knows whom to call when it fails. `house = { owner = "team-[a-z]+" }` in
    `[tool.airlock.check]` is a regular expression that every task's owner must match as a whole; several owners are
    separated by commas, and each must match. Tasks of a DAG with the same owner are one finding.

    Found: `airflow`, Airflow's own default.

    Not found: `default_args={"owner": "team-orders"}`.

    Mend: set `owner` in `default_args`.
    """

    code = "AL601"
    title = "owner"
    severity = Severity.ERROR
    fix = "set owner in default_args"

    def asked(self, settings: Settings) -> bool:
        return bool(settings.house.owner)

    def find(self, subject: Subject) -> Iterator[Found]:
        wanted = subject.settings.house.owner
        for file, dag in _dags(subject.run):
            by_owner: dict[str, list[Task]] = {}
            for task in dag.tasks:
                if not all(re.fullmatch(wanted, owner.strip()) for owner in task.owner.split(",")):
                    by_owner.setdefault(task.owner, []).append(task)
            for owner, tasks in by_owner.items():
                yield _of_tasks(file, dag, tasks, f"the owner {owner!r} does not match {wanted!r}")


class Tags(Check):
    """A DAG has none of the tags that the house asks for.

    In production, it is not where people look for it: teams filter the UI by tags. `house = { tags = ["team:*"] }` in
    `[tool.airlock.check]` are shell patterns of which one tag at least must match one.

    Found: `tags=["orders"]`.

    Not found: `tags=["orders", "team:sales"]`.

    Mend: add a tag.
    """

    code = "AL602"
    title = "tags"
    severity = Severity.ERROR
    fix = "add a tag that matches"

    def asked(self, settings: Settings) -> bool:
        return bool(settings.house.tags)

    def find(self, subject: Subject) -> Iterator[Found]:
        wanted = subject.settings.house.tags
        for file, dag in _dags(subject.run):
            if not any(fnmatchcase(tag, pattern) for tag in dag.tags for pattern in wanted):
                yield _of_dag(file, dag, f"no tag matches {' or '.join(wanted)}")


class Retries(Check):
    """A task has fewer retries than the house asks for.

    In production, tasks on Fargate meet lost capacity, throttled APIs and restarts: without a retry, each wakes
    somebody. `house = { retries = 2 }` in `[tool.airlock.check]` is the least number. Tasks of a DAG with the same
    number are one finding.

    Found: `retries=0`, Airflow's own default.

    Not found: `default_args={"retries": 2}`.

    Mend: set `retries` in `default_args`. Where a task must not be repeated, ignore it at its line, with the reason.
    """

    code = "AL603"
    title = "retries"
    severity = Severity.ERROR
    fix = "set retries in default_args"

    def asked(self, settings: Settings) -> bool:
        return bool(settings.house.retries)

    def find(self, subject: Subject) -> Iterator[Found]:
        wanted = subject.settings.house.retries
        for file, dag in _dags(subject.run):
            by_retries: dict[int, list[Task]] = {}
            for task in dag.tasks:
                if task.retries < wanted:
                    by_retries.setdefault(task.retries, []).append(task)
            for retries, tasks in by_retries.items():
                yield _of_tasks(
                    file, dag, tasks, f"{retries or 'no'} retries, where at least {wanted} are asked for"
                )


class DagId(Check):
    """A DAG's id is not named as the house asks for.

    In production, ids are in metrics, alarms and permissions, which patterns select. `house = { dag-id =
    "[a-z]+_[a-z_]+" }` in `[tool.airlock.check]` is a regular expression that every id must match as a whole.

    Found: `OrdersV2-final`.

    Not found: `sales_orders`.

    Mend: rename it. A new id is a new DAG, without the history of the old one: an old DAG is better ignored, or in the
    baseline.
    """

    code = "AL604"
    title = "DAG id"
    severity = Severity.ERROR
    fix = "rename the DAG"

    def asked(self, settings: Settings) -> bool:
        return bool(settings.house.dag_id)

    def find(self, subject: Subject) -> Iterator[Found]:
        wanted = subject.settings.house.dag_id
        for file, dag in _dags(subject.run):
            if not re.fullmatch(wanted, dag.dag_id):
                yield _of_dag(file, dag, f"the DAG id {dag.dag_id!r} does not match {wanted!r}")


class Description(Check):
    """A DAG has no description.

    In production, whoever is woken by it reads its code first. `house = { description = true }` in
    `[tool.airlock.check]` asks for one.

    Found: `DAG("orders")`.

    Not found: `DAG("orders", description="Loads the orders of the day")`.

    Mend: add `description=`.
    """

    code = "AL605"
    title = "description"
    severity = Severity.ERROR
    fix = "add description= to the DAG"

    def asked(self, settings: Settings) -> bool:
        return bool(settings.house.description)

    def find(self, subject: Subject) -> Iterator[Found]:
        for file, dag in _dags(subject.run):
            if not dag.description.strip():
                yield _of_dag(file, dag, "the DAG has no description")


def _dags(run: Run) -> Iterator[tuple[File, Dag]]:
    return ((file, dag) for file in run.files for dag in file.dags)


def _of_dag(file: File, dag: Dag, message: str) -> Found:
    return Found(file.path, dag.place, message, dag_id=dag.dag_id)


def _of_tasks(file: File, dag: Dag, tasks: list[Task], message: str) -> Found:
    """Show what several tasks of a DAG share at the first of them."""
    names = [task.task_id for task in tasks]
    return Found(
        file.path,
        tasks[0].place,
        f"{message}: {listed(names)}",
        dag_id=dag.dag_id,
        task_id=names[0] if len(names) == 1 else "",
    )


CHECKS = (Owner(), Tags(), Retries(), DagId(), Description())
