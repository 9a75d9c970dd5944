"""What a DAG will talk to when it runs, and what Airflow itself does: AWS services and hosts outside.

Nothing here raises for what an operator is: what cannot be read is not needed, as far as this tells, and why it could
not be read is kept for tests.
"""

from __future__ import annotations

import inspect
import os
from collections import deque
from functools import partial
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from airlock_probe import reachable
from airlock_probe.connections import leads
from airlock_probe.lookup import import_path, is_a
from airlock_probe.reachable import Reach
from airlock_probe.task_arguments import Arguments, depends
from airlock_spec import configured
from airlock_spec.check.facts import Need, Place
from airlock_spec.endpoints import BY_SERVICE, ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

UNREAD: deque[str] = deque(maxlen=200)  # why something could not be read, for tests
CALLBACKS = tuple(f"on_{when}_callback" for when in ("execute", "failure", "success", "retry", "skipped"))
OUTBOX = "airlock_operators."  # the URLs of these are asked for from outside
PACKAGE_INDEX = "python-package-index"  # whichever pip asks where it is told of none
ELSEWHERE = "AWS_ENDPOINT_URL"  # sends every client of boto3 elsewhere; with `_SERVICE` behind it, one


def needs_of(
    dag: Any, place_of: Callable[[object], Place], environment: Mapping[str, str] = os.environ
) -> list[Need]:
    """Return what the tasks of a parsed DAG, its callbacks and its assets' watchers need, each once for a task.

    `place_of` gives the line of a task or of the DAG.
    """
    found: list[Need] = []
    for thing, task_id in [*((task, task.task_id) for task in dag.tasks), (dag, "")]:
        try:
            reach = _of_task(thing, environment) if task_id else _of_dag(thing)
        except Exception as error:  # noqa: BLE001 - of operators that are other people's, anything may come
            UNREAD.append(f"{dag.dag_id} {task_id}: {type(error).__name__}: {error}")
            continue
        UNREAD.extend(reach.unread)
        place = place_of(thing) if reach.services or reach.hosts else Place("")
        make = partial(Need, task_id=task_id, dag_id=dag.dag_id, place=place)
        found += [
            make(by, service=one) for one, by in reach.services.items() if not _is_elsewhere(one, environment)
        ]
        found += [make(by, host=host) for host, by in reach.hosts.items()]
    reachable.forget()
    return found


def common_needs(environment: Mapping[str, str] = os.environ) -> list[Need]:
    """Return what Airflow itself needs by its configuration: executors, remote logs, secrets, bundles.

    `environment` is that of the image, of which a check may have changed this process's. `by` is the need and the
    setting that says so.
    """
    option = partial(_option, environment)
    found = configured.needs(option, environment)
    services = [
        Need(f"{need} ({found[need]})", service=endpoint.service)
        for endpoint in ENDPOINTS
        for need in endpoint.needed_by
        if need in found and not _is_elsewhere(endpoint.service, environment)
    ]
    return services + [Need(setting, host=host) for host, setting in configured.hosts(option).items()]


def _option(environment: Mapping[str, str], section: str, key: str) -> str:
    """Return a setting of Airflow as that environment has it."""
    name = f"AIRFLOW__{section.upper()}__{key.upper()}"
    if name in environment:
        return environment[name]
    from airflow.configuration import conf  # noqa: PLC0415 - not where Airflow is not

    own = os.environ.pop(name, None)  # it would hide what a file says
    try:
        return conf.get(section, key, fallback="") or ""
    finally:
        if own is not None:
            os.environ[name] = own


def _of_task(task: Any, environment: Mapping[str, str]) -> Reach:
    """Return what one task reaches: by its class, its function, its arguments, its connections, its callbacks."""
    arguments = Arguments(task)
    kind = arguments.kind
    of_class = reachable.of_class(kind, deferred=bool(arguments["deferrable"]))
    services = {one: by for one, by in of_class.services.items() if depends(one, arguments)}
    hosts = dict(of_class.hosts)
    known = [one for conn_id in arguments.connections() if (one := leads(conn_id, environment))]
    if any(one.elsewhere for one in known):
        services = {}
    for one in known:
        hosts.pop(one.instead, None)  # a private way to the same
    if not any(base.__module__.startswith(OUTBOX) for base in kind.__mro__):
        addressed = [*arguments.hosts(), *(one.host for one in known if one.host)]
        hosts |= dict.fromkeys(addressed, import_path(kind))
    if arguments["requirements"] and not arguments["index_urls"] and is_a(kind, "PythonVirtualenvOperator"):
        hosts[PACKAGE_INDEX] = import_path(kind)
    callbacks = [arguments[name] for name in CALLBACKS]
    return _with(Reach(services, hosts, list(of_class.unread)), [arguments["python_callable"], *callbacks])


def _of_dag(dag: Any) -> Reach:
    """Return what a DAG reaches beside its tasks: by its callbacks, and the watchers of assets it waits for."""
    assets = _assets(getattr(dag.timetable, "asset_condition", None))
    watchers = [watcher.trigger for asset in assets for watcher in asset.watchers]
    return _with(Reach(), [*(getattr(dag, name, None) for name in CALLBACKS), *watchers])


def _assets(condition: Any) -> Iterator[Any]:
    """Yield the assets of a schedule, which are alone or in conditions of conditions."""
    if hasattr(condition, "watchers"):
        yield condition
    for inner in getattr(condition, "objects", ()):
        yield from _assets(inner)


def _with(reach: Reach, parts: Iterable[Any]) -> Reach:
    """Add what functions, notifiers and triggers reach, alone or in lists."""
    for part in parts:
        for one in part if isinstance(part, list | tuple) else [part]:
            for more in _reaches(one):
                reach.services = more.services | reach.services
                reach.hosts = more.hosts | reach.hosts
                reach.unread += more.unread
    return reach


def _reaches(thing: Any) -> Iterator[Reach]:
    while isinstance(thing, partial):
        thing = thing.func
    if isinstance(thing, MethodType):
        thing = thing.__func__
    thing = inspect.unwrap(thing) if isinstance(thing, FunctionType) else thing
    if isinstance(thing, FunctionType):
        yield reachable.of_function(thing)
    elif thing is not None:
        kind: type = type(thing)
        # A trigger of an asset may be given as its class and its arguments.
        if any(is_a(kind, base) for base in ("BaseNotifier", "BaseTrigger")) or callable(thing):
            yield reachable.of_class(kind, deferred=True)


def _is_elsewhere(service: str, environment: Mapping[str, str]) -> bool:
    """Tell whether the environment sends clients of a service to an address of its own."""
    if environment.get(ELSEWHERE):
        return True
    clients = BY_SERVICE[service].clients if service in BY_SERVICE else ()
    return any(environment.get(f"{ELSEWHERE}_{client.upper().replace('-', '_')}") for client in clients)
