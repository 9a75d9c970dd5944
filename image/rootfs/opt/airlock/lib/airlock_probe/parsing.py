"""One file, parsed and serialized as Airflow's dag-processor does it, and what came of it."""

from __future__ import annotations

import hashlib
import json
import signal
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
from airflow.dag_processing.importers import python_importer
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization

from airlock_probe import needs, templates, tracebacks
from airlock_spec.check.facts import Dag, File, Kind, Place, Problem, Task

if TYPE_CHECKING:
    from airlock_probe.observing import Observer
    from airlock_spec.check.facts import Need
    from airlock_spec.check.request import Request

_KINDS = {
    "AirflowDagCycleException": Kind.CYCLE,
    "AirflowDagDuplicatedIdException": Kind.DUPLICATE,
    "AirflowClusterPolicyViolation": Kind.POLICY,
    "AirflowClusterPolicyError": Kind.POLICY,
    "AirflowTaskTimeout": Kind.TIMEOUT,
    "MemoryError": Kind.MEMORY,
}


def prepare() -> None:
    """Prepare this process for those that it forks, and let a segmentation fault end them.

    Airflow's importer handles SIGSEGV in Python, which never runs there: the fault is repeated for ever, and in
    production the dag-processor's timeout ends it, without a word of why.
    """
    _warm()
    own = SimpleNamespace(**vars(signal))
    own.signal = lambda number, handler: None if number == signal.SIGSEGV else signal.signal(number, handler)
    python_importer.signal = own


def _warm() -> None:
    """Fill, before any process is forked, what Airflow keeps once a DAG was serialized: schemas, locales, defaults."""
    from airflow.sdk import DAG  # noqa: PLC0415 - only here
    from airflow.sdk.bases.operator import BaseOperator  # noqa: PLC0415

    dag = DAG("warm", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC))
    BaseOperator(task_id="warm", dag=dag, params={"warm": 1})
    data = DagSerialization.to_dict(dag)
    DagSerialization.from_dict(data)
    dag.get_template_env().compile("{{ ds }}", raw=True)


@dataclass(frozen=True)
class Form:
    """A serialized DAG: the sha256 of its JSON, and, where it is wanted, that JSON, sorted as Airflow sorts."""

    digest: str
    text: str


class _Unvalidated(DagSerialization):  # type: ignore[misc] # as above
    @classmethod
    def validate_schema(cls, _serialized: object) -> None:
        """Let any form pass."""


@dataclass
class Outcome:
    """What one file came to; who `describes` tells of its DAGs."""

    path: str
    describes: bool
    seconds: float = 0.0
    dags: list[Any] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    forms: dict[str, Form] = field(default_factory=dict)

    def facts(self, observer: Observer, left: tuple[Problem, ...], whole: float) -> File:
        """Return the file's facts; `whole` seconds passed for all that was done with it."""
        return File(
            self.path,
            round(self.seconds or whole, 4),
            tuple(_dag(dag, self.forms, observer) for dag in self.dags if self.describes),
            (*self.problems, *left),
            tuple(observer.attempts),
            tuple(observer.reads),
            tuple(self.needs),
            imports=observer.imports(),
        )


class _Bag(DagBag):  # type: ignore[misc] # Airflow is in the image, not here
    """Airflow's own, that remembers which DAG an exception was about."""

    def __init__(self, request: Request) -> None:
        super().__init__(
            collect_dags=False,
            load_op_links=False,
            bundle_path=request.bundle,
            bundle_name=request.bundle_name,
        )
        self.refused: list[tuple[Any, Exception]] = []

    def bag_dag(self, dag: Any) -> None:
        try:
            super().bag_dag(dag)
        except Exception as error:
            self.refused.append((dag, error))
            raise


def parse(path: str, request: Request, observer: Observer, *, first: bool, full: bool) -> Outcome:
    """Parse and serialize a file, and give the serialized forms where they are wanted in `full`.

    Two parsers do so and share the rest of the work: the first describes the DAGs and reads their templates, the
    second reads the forms back and finds what is needed.
    """
    outcome = Outcome(path, describes=first)
    bag = _Bag(request)
    start = time.monotonic()
    try:
        bag.process_file(
            f"{request.bundle}/{path}",
            only_if_updated=False,
            safe_mode=conf.getboolean("core", "DAG_DISCOVERY_SAFE_MODE"),
        )
    except BaseException:  # noqa: BLE001 - Airflow lets KeyboardInterrupt through
        outcome.problems.append(_of_traceback(traceback.format_exc(), path, observer))
    outcome.seconds = time.monotonic() - start
    outcome.dags = list(bag.dags.values())
    outcome.problems += _problems(bag, observer)
    for dag in outcome.dags:
        _serialize(dag, outcome, observer, read_back=not first, full=full)
        if first:
            outcome.problems += [*templates.check(dag, observer), *_unknown_pools(dag, request, observer)]
        else:
            outcome.needs += needs.needs_of(dag, observer.place_of)
    return outcome


def _problems(bag: _Bag, observer: Observer) -> list[Problem]:
    found = [
        Problem(
            Kind.DUPLICATE,
            f"dag id {dag.dag_id} is defined twice in this file; Airflow keeps one of them",
            observer.place_of(dag),
            dag_id=dag.dag_id,
        )
        for dag in _twice(bag, observer)
    ]
    for dag, error in bag.refused:
        name = type(error).__name__
        text = f"{name}: {error}"
        kind = _KINDS.get(name, Kind.INVALID)
        found.append(Problem(kind, _line(text), observer.place_of(dag), text, dag.dag_id))
    told = {problem.detail for problem in found}
    for place, text in bag.import_errors.items():
        if text in told:
            continue
        if "Traceback (most recent call last)" in text:
            found.append(_of_traceback(text, place, observer))
        else:
            kind = _KINDS.get(text.partition(":")[0], Kind.INVALID)
            found.append(Problem(kind, _line(text), _only_dag(bag, place, observer), text))
    return found


def _twice(bag: _Bag, observer: Observer) -> list[Any]:
    """List the DAGs that have their id in common with another that the file made.

    Airflow holds two for the same where their tasks have the same names, too, and keeps either by chance.
    """
    made = Counter(dag.dag_id for dag in observer.dags if dag.dag_id in bag.dags)
    return [dag for dag in observer.dags if made[dag.dag_id] > 1]


def _only_dag(bag: _Bag, path: str, observer: Observer) -> Place:
    """Return the place of the one DAG that was made and not taken; the file where there are several."""
    left = [dag for dag in observer.dags if dag not in bag.dags.values()]
    return observer.place_of(left[0]) if len(left) == 1 else Place(path)


def _of_traceback(text: str, path: str, observer: Observer) -> Problem:
    told = tracebacks.read(text)
    kind = _KINDS.get(told.name, Kind.IMPORT)
    if kind is Kind.DUPLICATE or (kind is Kind.TIMEOUT and "DagBag import timeout" not in told.message):
        kind = Kind.IMPORT
    place = tracebacks.users(told, observer.prefix) or Place(path)
    message = _line(f"{told.name}: {told.message}".removesuffix(": "))
    return Problem(kind, message, place, tracebacks.without_callers(text, observer.prefix))


def _serialize(dag: Any, outcome: Outcome, observer: Observer, *, read_back: bool, full: bool) -> None:
    try:
        # the schema is looked at once: it takes a third of the time
        data = (_Unvalidated if read_back else DagSerialization).to_dict(dag)
        text = json.dumps(data, sort_keys=True)
        if read_back and _has_foreign_classes(dag):
            DagSerialization.from_dict(json.loads(text))
    except Exception as error:  # noqa: BLE001 - as Airflow does
        told = f"{type(error).__name__}: {error}"
        outcome.problems.append(
            Problem(
                Kind.SERIALIZATION,
                _line(told),
                _blamed(dag, told, observer),
                traceback.format_exc(),
                dag.dag_id,
            )
        )
        return
    digest = hashlib.sha256(text.encode()).hexdigest()
    # What Airflow's own digest is of has lists in an order of its own, and takes a tenth of the time: only where asked.
    ordered = json.dumps(SerializedDagModel._sort_serialized_dag_dict(data)) if full else ""  # noqa: SLF001
    outcome.forms[dag.dag_id] = Form(digest, ordered)


def _has_foreign_classes(dag: Any) -> bool:
    """Whether the form names classes that are not Airflow's: only these may be missing where it is read back."""
    modules = {type(dag.timetable).__module__, *(type(task.weight_rule).__module__ for task in dag.tasks)}
    return not all(module.startswith("airflow.") for module in modules)


def _blamed(dag: Any, text: str, observer: Observer) -> Place:
    """Return the place of the one task that the message names; the DAG's where it names none."""
    named = [task for task in dag.tasks if f"'{task.task_id}'" in text or f"{task.task_id}>" in text]
    return observer.place_of(named[0] if len(named) == 1 else dag)


def _unknown_pools(dag: Any, request: Request, observer: Observer) -> list[Problem]:
    if request.pools is None:
        return []
    known = (*request.pools, "default_pool")
    return [
        Problem(
            Kind.POOL,
            f"task {task.task_id} wants pool {task.pool}, which is not known",
            observer.place_of(task),
            "",
            dag.dag_id,
            task.task_id,
        )
        for task in dag.tasks
        if task.pool not in known
    ]


def _dag(dag: Any, forms: dict[str, Form], observer: Observer) -> Dag:
    form = forms.get(dag.dag_id)
    return Dag(
        dag.dag_id,
        observer.place_of(dag),
        form.digest if form else "",
        tuple(sorted(map(str, dag.tags or ()))),
        str(dag.description or ""),
        str(getattr(dag.timetable, "summary", "")),
        bool(dag.catchup),
        tuple(_task(task, observer) for task in dag.tasks),
    )


def _task(task: Any, observer: Observer) -> Task:
    kind = getattr(task, "operator_class", None) or type(task)
    if isinstance(kind, dict):  # of a mapped operator that was read back
        kind = type(task)
    return Task(
        task.task_id,
        f"{kind.__module__}.{kind.__qualname__}",
        observer.place_of(task),
        str(task.owner),
        int(task.retries or 0),
        str(task.pool),
        str(getattr(task.trigger_rule, "value", task.trigger_rule)),
    )


def _line(text: str) -> str:
    return " ".join(text.strip().split("\n")[0].split())[:500]
