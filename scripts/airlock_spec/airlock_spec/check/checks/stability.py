"""Files that can be parsed, but not the same way twice, not in time, or to no effect."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from airlock_spec.check.checks.check import Check, Found, listed
from airlock_spec.check.facts import Kind, Place
from airlock_spec.check.finding import Severity
from airlock_spec.wording import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock_spec.check.checks.check import Subject

_VALUE = 300  # characters of a serialized value that are shown
_DEAREST = 3  # imports that the fix names


class UnstableDag(Check):
    """The DAG's serialized form differs between two parses of the same file.

    In production, each parse makes a new version of such a DAG: thousands of rows in the metadata database within
    days, a UI that lists them all, and runs whose tasks came from different versions. The file was parsed in two fresh
    processes with other hash seeds; the finding names the path inside the serialized DAG, and both values.

    Found:

    ```python
    with DAG("orders", start_date=datetime.now() - timedelta(days=1)):
        BashOperator(task_id="say", bash_command=f"echo {uuid4()}")
        for table in {"orders", "customers"}:  # a set: its order differs from process to process
            ...
    ```

    Not found: `start_date=datetime(2026, 1, 1)`, a template as `{{ run_id }}`, `sorted({…})`, a generator of random
    numbers with a fixed seed.

    Mend: fix the value, sort the set, or put it into a template.
    """

    code = "AL301"
    title = "DAG differs between two parses"
    severity = Severity.ERROR
    fix = "use a fixed value or a template; sort what comes from a set"
    steady = False  # chance may bring the same value twice

    def find(self, subject: Subject) -> Iterator[Found]:
        for file in subject.run.files:
            # Which of two DAGs with one id Airflow keeps is chance: that is AL110's, and said there.
            twice = {problem.dag_id for problem in file.problems if problem.kind is Kind.DUPLICATE}
            for one in (one for one in file.unstable if one.dag_id not in twice):
                # The values differ from run to run: in the message they would make a new finding each time.
                yield Found(
                    file.path,
                    one.place,
                    f"the serialized DAG differs between two parses, at {one.where}",
                    dag_id=one.dag_id,
                    detail=f"first:  {shortened(one.first, _VALUE)}\nsecond: {shortened(one.second, _VALUE)}",
                )


class OverBudget(Check):
    """Importing the file takes longer than the budget.

    In production, the file is imported twice a minute by the DAG processor, and once more by the worker for every task
    that it runs: the task starts that much later. The budget is 5 seconds, or `budget` of `[tool.airlock.check]`;
    Airflow's own import is not counted. The imports that cost most are listed.

    Found: `import pandas, sklearn, torch` at the top of the file.

    Not found: the same imports in the `@task` function that uses them; a slow import within the budget.

    Mend: import in tasks what only tasks use. Behind `if TYPE_CHECKING:` stays what annotations need.
    """

    code = "AL302"
    title = "takes longer to import than the budget"
    severity = Severity.WARNING
    fix = "import in tasks what only tasks use"
    steady = False  # machines differ

    def find(self, subject: Subject) -> Iterator[Found]:
        budget = subject.settings.budget
        for file in subject.run.files:
            if file.seconds > budget:
                costs = [f"{cost.module} {cost.seconds:.2f} s" for cost in file.imports]
                dearest = ", ".join(costs[:_DEAREST])
                yield Found(
                    file.path,
                    Place(file.path),
                    f"takes {file.seconds:.1f} s to import, over the budget of {budget:g} s",
                    fix=f"{self.fix}; the dearest: {dearest}" if dearest else "",
                    detail="\n".join(costs),
                )


class NoDag(Check):
    """The file makes no DAG, although it looks like it should.

    In production, nothing appears and nothing is reported. Mostly, a function with `@dag` is defined and never called,
    or a loop that makes DAGs runs over nothing.

    Found:

    ```python
    @dag(schedule="@daily")
    def orders(): ...


    # the call, orders(), is missing
    ```

    Not found: a module whose functions make DAGs, where another file of the bundle names them.

    Mend: call the function at the end of the file.
    """

    code = "AL303"
    title = "makes no DAG"
    severity = Severity.WARNING
    fix = "call the function that makes the DAG at the end of the file"

    def find(self, subject: Subject) -> Iterator[Found]:
        for file in subject.run.files:
            if file.dags or file.problems or not (source := subject.sources.get(file.path)):
                continue
            idle = [
                f"line {line}{f', in {name!r}' if name else ''}"
                for name, line in _makers(source)
                if not (name and _named_elsewhere(name, file.path, subject.sources))
            ]
            if idle:
                yield Found(
                    file.path, Place(file.path), f"makes no DAG: what would ({listed(idle)}) is never reached"
                )


def _makers(source: str) -> Iterator[tuple[str, int]]:
    """Find what would make a DAG: the name of the module's function that it is in, if any, and its line."""
    if "dag" not in source and "DAG" not in source:
        return
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    waiting: list[tuple[ast.AST, str]] = [(node, "") for node in reversed(tree.body)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.ClassDef):  # whoever makes an object of it calls its methods
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = inside or node.name
            if any(_is(decorator, "dag") for decorator in node.decorator_list):
                yield inside, node.lineno
        elif isinstance(node, ast.Call) and _is(node, "DAG"):
            yield inside, node.lineno
        waiting += [(child, inside) for child in reversed([*ast.iter_child_nodes(node)])]


def _is(node: ast.expr, name: str) -> bool:
    """Whether it is that name, that attribute of something, or a call of it."""
    if isinstance(node, ast.Call):
        node = node.func
    return getattr(node, "id", getattr(node, "attr", "")) == name


def _named_elsewhere(name: str, path: str, sources: Mapping[str, str]) -> bool:
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(other != path and word.search(text) for other, text in sources.items())


CHECKS = (UnstableDag(), OverBudget(), NoDag())
