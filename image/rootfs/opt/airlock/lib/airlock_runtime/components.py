"""Airflow's components, and which processes they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airlock_runtime.processes import Process


class Component(NamedTuple):
    """One of Airflow's long-running commands."""

    name: str
    command: tuple[str, ...]  # after `airflow`
    job: str = ""  # its job_type in Airflow's table `job`
    threshold: tuple[str, str] = ("", "")  # the setting that says how old its last heartbeat may be
    seconds: float = 30.0  # Airflow's default of it


SCHEDULER = Component(
    "scheduler", ("scheduler",), "SchedulerJob", ("scheduler", "scheduler_health_check_threshold")
)
DAG_PROCESSOR = Component(
    "dag-processor", ("dag-processor",), "DagProcessorJob", ("dag_processor", "health_check_threshold")
)
TRIGGERER = Component(
    "triggerer", ("triggerer",), "TriggererJob", ("triggerer", "triggerer_health_check_threshold")
)
API_SERVER = Component("api-server", ("api-server",))
WORKER = Component("worker", ("celery", "worker"))
# What `standalone` starts.
EMBEDDED = (SCHEDULER, DAG_PROCESSOR, API_SERVER, TRIGGERER)
STANDALONE = Component("standalone", ("standalone",))
ALL = (*EMBEDDED, WORKER, STANDALONE)


def named(words: Sequence[str]) -> Component | None:
    """Return the component of a name as people give it: `scheduler`, `worker`, `celery worker`."""
    for component in ALL:
        if tuple(words) in {(component.name,), component.command}:
            return component
    return None


def asked_for(words: Sequence[str]) -> Component | None:
    """Return the component that a command line is about, as of process 1: the first that it names."""
    for place in range(len(words)):
        for component in ALL:
            if tuple(words[place : place + len(component.command)]) == component.command:
                return component
    return None


def of(process: Process) -> Component | None:
    """Return the component that a process is, by its command line or the title that it gave itself."""
    words = [*process.words]
    if not words:
        return None
    if words[0] == "gunicorn:":
        return API_SERVER
    if words[0] == "[celeryd:":  # "[celeryd: celery@host:MainProcess] -active- (…)"
        return WORKER if any(word.endswith(":MainProcess]") for word in words[:3]) else None
    if _base(words[0]).startswith("python"):
        del words[0]
        while words and words[0].startswith("-"):
            del words[0]
    if not words or _base(words[0]) != "airflow":
        return None
    if words[1:2] == ["api_server"]:  # "airflow api_server -- host:0.0.0.0 port:8080"
        return API_SERVER
    return asked_for(words[1:3]) if named(words[1:2]) or named(words[1:3]) else None


def running(processes: Iterable[Process]) -> dict[Component, Process]:
    """Return the components that run here, each with its first process: forks have the same command line."""
    found: dict[Component, Process] = {}
    for process in processes:  # the oldest first
        component = of(process)
        if component and not process.ended:
            found.setdefault(component, process)
    return found


def _base(word: str) -> str:
    return word.rpartition("/")[2]
