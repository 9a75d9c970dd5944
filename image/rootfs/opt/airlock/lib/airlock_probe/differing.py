"""Where two serialized forms of a DAG differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock_spec.check.facts import File, Kind, Place, Unstable

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 200  # characters of each value
_MOST = 5  # differences that are told of one DAG
_ABSENT = object()


def unstable(facts: File, first: dict[str, Any], second: dict[str, Any]) -> tuple[Unstable, ...]:
    """Describe what differs between two parses of the DAGs of a file."""
    found = []
    # which of two with one id is kept differs by chance: that they are two is said already
    twice = {problem.dag_id for problem in facts.problems if problem.kind is Kind.DUPLICATE}
    for dag in facts.dags:
        if dag.dag_id not in twice and dag.dag_id in first and dag.dag_id in second:
            found += [
                Unstable(dag.dag_id, where, _shown(one), _shown(other), _place(facts, dag.dag_id, where))
                for where, one, other in _limited(_differences(first[dag.dag_id], second[dag.dag_id], ""))
            ]
    for dag_id in sorted({*first} ^ {*second}):
        place = next((dag.place for dag in facts.dags if dag.dag_id == dag_id), Place(facts.path))
        had = ("is there", "is not") if dag_id in first else ("is not there", "is")
        found.append(Unstable(dag_id, "dag_id", *had, place))
    return tuple(found)


def _limited(differences: Iterator[tuple[str, Any, Any]]) -> Iterator[tuple[str, Any, Any]]:
    for number, difference in enumerate(differences):
        if number == _MOST:
            return
        yield difference


def _differences(first: Any, second: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    first, second = _bare(first), _bare(second)
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}, key=str):
            if key in ("fileloc", "last_loaded"):
                continue
            place = f"{where}.{key}" if where else str(key)
            yield from _differences(first.get(key, _ABSENT), second.get(key, _ABSENT), place)
    elif isinstance(first, list) and isinstance(second, list):
        names = [_name(item) for item in first]
        if all(names) and sorted(map(str, names)) == sorted(str(_name(item)) for item in second):
            others = {_name(item): item for item in second}
            for name, item in zip(names, first, strict=True):
                yield from _differences(item, others[name], f"{where}[{name}]")
        elif len(first) != len(second):
            yield where, first, second
        else:
            for number, (one, other) in enumerate(zip(first, second, strict=True)):
                yield from _differences(one, other, f"{where}[{number}]")
    elif first != second or (first is _ABSENT) != (second is _ABSENT):
        yield where, first, second


def _bare(value: Any) -> Any:
    """Return what Airflow's serialization wraps as {"__type": ..., "__var": ...}."""
    if isinstance(value, dict) and value.keys() == {"__type", "__var"}:
        return _bare(value["__var"])
    return value


def _name(item: Any) -> str | None:
    """Return the task id of a serialized task: tasks are told by it."""
    item = _bare(item)
    return item.get("task_id") if isinstance(item, dict) else None


def _place(facts: File, dag_id: str, where: str) -> Place:
    for dag in facts.dags:
        if dag.dag_id == dag_id:
            for task in dag.tasks:
                if f"[{task.task_id}]" in where:
                    return task.place
            return dag.place
    return Place(facts.path)


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else str(value)[:_SHOWN]
