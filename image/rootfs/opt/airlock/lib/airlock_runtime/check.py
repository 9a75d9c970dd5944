"""One check of one component: gather what it shows of itself, compare with the last check, judge."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from airlock_runtime import api, components, job, memory, processes, worker
from airlock_runtime.deadline import within
from airlock_runtime.settings import HOME, SettingError, Settings
from airlock_runtime.verdict import Bounds, Case, Life, Sign, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock_runtime.components import Component
    from airlock_runtime.processes import Process

ANSWER_SECONDS = 3.0  # that an API server or a database may take
WORKER_THRESHOLD = 30.0  # seconds, as Airflow's for the others
MOMENT = 0.2  # seconds between two looks within one check
APART = 5.0  # seconds that two samples of the processor time must be apart to tell anything


class Finding(NamedTuple):
    """A component, what was found out about it, and on what grounds."""

    component: str
    verdict: Verdict
    pid: int | None = None
    last: float | None = None  # its last sign of life, in seconds since 1970


class Check:
    """What the checks of one call have in common."""

    def __init__(
        self,
        everything: Sequence[Process],
        init: Process | None,
        environ: Mapping[str, str],
        bounds: Bounds,
    ) -> None:
        self._everything = everything
        self._init = init
        self._environ = environ
        self._bounds = bounds
        self._outage: Sign | None = None

    def find(self, component: Component, process: Process | None) -> Finding:
        """Find out about one component, and remember it for the next check."""
        file = f"airlock-health-{component.name}-{os.geteuid()}"
        begun = f"{self._init.started:.2f}" if self._init else ""
        known = memory.load(file)
        if known.get("init") != begun:  # /tmp may outlive the processes of a container
            known = {}
        if process is None:
            return self._absent(component, known)
        facts = _of_this_process(process, known) | {"init": begun}
        share = _share(facts, self._used(component, process), processes.since_boot())
        found, threshold = self._sign(component, process, facts)
        found = _remembered(found, facts)
        if share is None and _is_old(found, threshold):
            share = self._share_now(component, process)
        now = time.time()
        life = Life(
            component.name,
            processes.since_boot() - process.started,
            stopped=process.stopped,
            share=share,
            remembered=memory.save(file, facts),
        )
        last = memory.number(facts, "beat")
        return Finding(
            component.name, judge(Case(life, found, threshold, self._bounds, now)), process.pid, last
        )

    def _absent(self, component: Component, known: dict[str, str]) -> Finding:
        age = processes.since_boot() - (self._init.started if self._init else 0.0)
        life = Life(component.name, age, present=False, was_seen="pid" in known)
        return Finding(component.name, judge(Case(life, Sign("none", ""), 0.0, self._bounds, time.time())))

    def _used(self, component: Component, process: Process) -> float:
        """Return the processor time used by what a component's loop runs in."""
        if component is components.API_SERVER:  # threads and forks answer
            return processes.family_seconds(process.pid, self._everything)
        return processes.main_thread_seconds(process.pid)

    def _share_now(self, component: Component, process: Process) -> float:
        """Look twice within this check, where no earlier one was that could be compared with."""
        used, start = self._used(component, process), processes.since_boot()
        time.sleep(MOMENT)
        return (self._used(component, process) - used) / (processes.since_boot() - start)

    def _sign(self, component: Component, process: Process, facts: dict[str, str]) -> tuple[Sign, float]:
        """Return what a component shows of itself, and how old it may be."""
        # what its own process was given: an entrypoint may have set more than this container's definition
        given = processes.environment(process.pid)
        if component is components.WORKER:
            return worker.sign(process.pid, process.started, given), WORKER_THRESHOLD
        environ = self._environ if given is None else given
        try:
            settings = Settings.read(environ)
            if component is components.API_SERVER:
                at = api.address(settings, (*process.words, *self._words_of_init(component)))
                found = api.sign(at, ANSWER_SECONDS, memory.number(facts, "beat"), api.ask)
                facts["ask"] = api.asked_by_bash(at) if found.kind == "beat" else ""
                return found, ANSWER_SECONDS
            threshold = float(settings.get(*component.threshold) or component.seconds)
        except (SettingError, ValueError) as error:
            return Sign("outage", "setting", reason=f"cannot be read: {error}"), 0.0
        home = environ.get("AIRFLOW_HOME") or HOME
        return self._job(component, settings, home, facts), threshold

    def _words_of_init(self, component: Component) -> tuple[str, ...]:
        """Return the command line of process 1 where it is about a component, whose title hides its own."""
        found = self._init is not None and components.asked_for(self._init.words) is component
        return self._init.words if self._init and found else ()

    def _job(self, component: Component, settings: Settings, home: str, facts: dict[str, str]) -> Sign:
        """Ask the database, once where it does not answer: in standalone several would wait for it."""
        started = memory.number(facts, "started") or 0.0
        if self._outage is None:
            try:
                found = within(
                    ANSWER_SECONDS,
                    lambda: job.sign(settings, home, component.job, started, _host(settings, facts)),
                )
            except (OSError, SettingError) as error:  # TimeoutError is one of the former
                found = Sign("outage", "database", reason=f"does not answer: {error}")
            if found.kind != "outage":
                return found
            self._outage = found
        return self._outage


def _is_old(found: Sign, threshold: float) -> bool:
    last = max(found.at or 0.0, found.excused)
    return found.kind == "late" or (found.kind == "beat" and time.time() - last >= threshold)


def _host(settings: Settings, facts: dict[str, str]) -> str | None:
    """Return Airflow's name of this host, looked up once for a process: it does so once, too."""
    if "host" not in facts:
        name = job.hostname(settings)
        if name is None:
            return None
        facts["host"] = name
    return facts["host"]


def _remembered(found: Sign, facts: dict[str, str]) -> Sign:
    """Complete a sign with what earlier checks saw, and remember what this one does.

    An outage began when it was first seen. Whoever could not beat during one is given time from its end.
    """
    now = time.time()
    if found.kind == "outage":
        if found.at is None and "beat" not in facts:
            return Sign("none", job.HEARTBEAT, reason=f"the {found.what} {found.reason}")
        began = round(found.at or memory.number(facts, "outage") or now, 3)
        facts |= {"outage": f"{began:.3f}", "outage_seen": f"{now:.3f}"}
        return found._replace(at=began)
    facts.pop("outage", None)
    if found.kind == "beat" and found.at is not None:
        facts["beat"] = f"{found.at:.3f}"
        return found._replace(excused=memory.number(facts, "outage_seen") or 0.0)
    return found


def _of_this_process(process: Process, known: dict[str, str]) -> dict[str, str]:
    """Return what is known of this very process: numbers of processes are used again."""
    identity = f"{process.pid}@{process.started:.2f}"
    if known.get("pid") == identity:
        return dict(known)
    boot = time.time() - processes.since_boot()  # kept, because the clock may be set later
    return {"pid": identity, "started": f"{boot + process.started:.3f}"}


def _share(facts: dict[str, str], used: float, now: float) -> float | None:
    """Return the share of a processor used since the older of two samples, and remember a new one.

    The newer one becomes the older when it is old enough: two checks may come within a moment.
    """
    newer = memory.number(facts, "newer_at")
    if newer is None or now - newer >= APART:
        if newer is not None:
            facts |= {"older_at": facts["newer_at"], "older_used": facts.get("newer_used", "0")}
        facts |= {"newer_at": f"{now:.2f}", "newer_used": f"{used:.2f}"}
    at, before = memory.number(facts, "older_at"), memory.number(facts, "older_used")
    if at is None or before is None:
        return None
    return (used - before) / max(now - at, 0.01)
