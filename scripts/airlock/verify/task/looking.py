"""Tasks that look: started, waited for, their reports read from their logs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from airlock.deploy import once, stopped
from airlock.deploy.cluster import short
from airlock.deploy.pace import attempt
from airlock.errors import AwsError, DeployError, ProbeError
from airlock.verify.task import reports
from airlock.verify.task.stands import by_hand
from airlock_spec.reach.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.deploy.cluster import Cluster, Task
    from airlock.deploy.pace import Pace
    from airlock.terminal import Terminal
    from airlock.verify.task.stands import Stand

LOOKED = frozenset({0, 1})  # exit codes with a report: without and with findings
ABSENT = 127  # as shells report it: no such program
LOG_SECONDS = 60.0  # until what a container said is in its stream


class Streams(Protocol):
    """Where logs are read."""

    def lines(self, group: str, stream: str, region: str) -> list[str]:
        """Return the messages of a stream, the oldest first; none where there is no such stream (yet).

        Raises AwsError.
        """
        ...


@dataclass
class Looking:
    """A cluster and its logs; `pace` says how long tasks may take, all together."""

    cluster: Cluster
    streams: Streams
    pace: Pace
    terminal: Terminal
    running: dict[str, str] = field(
        default_factory=dict
    )  # service → ARN of the task that looks from its place

    def look(self, stands: Sequence[Stand]) -> tuple[Observed, ...]:
        """Run a task at each stand, all at the same time; return what each saw.

        Where no task starts, that is what was seen. Nothing is left running. Raises ProbeError where a task ran and
        told nothing, AwsError.
        """
        try:
            for stand in stands:
                self._start(stand)
            return tuple(self._seen(stand) for stand in stands)
        finally:
            for arn in self.running.values():
                with suppress(AwsError):
                    self.cluster.stop(arn, "nobody waits for it any longer")

    def _start(self, stand: Stand) -> None:
        name = stand.service.name
        try:
            self.running[name] = self.cluster.run(stand.order)
        except DeployError as error:
            raise ProbeError(error.fact, cause=error.cause, remedy=error.remedy) from error
        said = f" (and for {', '.join(stand.also)}: the same network)" if stand.also else ""
        self.terminal.say(f"looking from {name}{said}: task {short(self.running[name])} …")

    def _seen(self, stand: Stand) -> Observed:
        name = stand.service.name
        arn = self.running[name]
        task = once.wait(self.cluster, arn, stand.container, self.pace, self.terminal)
        if task is None:
            return self._not_ended(stand, arn)
        if task.status in once.ENDED:
            del self.running[name]
        code = task.container(stand.container).exit_code
        if code is None:
            why = stopped.why(task, stand.definition.content, self.cluster.region)
            return Observed(task=name, region=self.cluster.region, stopped=tuple(why))
        if code not in LOOKED:
            raise self._told_nothing(stand, task, code)
        return replace(self._report(stand, task), task=name)

    def _not_ended(self, stand: Stand, arn: str) -> Observed:
        """Tell of a task that has not begun; it is stopped by `look`, as one that runs on."""
        name = stand.service.name
        status = next(
            (one.container(stand.container).status or one.status for one in self.cluster.tasks([arn])), ""
        )
        if status in once.BEFORE_IT_RUNS:
            why = f"task {short(arn)} has not started after {self.pace.seconds:g} s: {status.lower() or 'nothing told'}"
            return Observed(task=name, region=self.cluster.region, stopped=(why,))
        raise ProbeError(
            f"the task that looks from {name} did not end within {self.pace.seconds:g} s",
            cause=f"task {short(arn)} was {status.lower()}, and is stopped",
            remedy=self._log(stand, arn),
        )

    def _told_nothing(self, stand: Stand, task: Task, code: int) -> ProbeError:
        why = "\n".join(stopped.why(task, stand.definition.content, self.cluster.region))
        if code == ABSENT:
            fact = f"the image of {stand.service.name} has no airlock-verify"
            return ProbeError(
                fact, cause=why, remedy="deploy an image that has it: airlock push, airlock deploy"
            )
        fact = f"the task that looks from {stand.service.name} ended with {code}, and saw nothing"
        return ProbeError(fact, cause=why, remedy=self._log(stand, task.arn))

    def _report(self, stand: Stand, task: Task) -> Observed:
        """Read the report; the log driver hands on what was said when the container has ended already."""
        stream = stand.stream
        pace = replace(self.pace, seconds=LOG_SECONDS)
        lines: list[str] = []
        for _ in pace.polls(pace.deadline()):
            read = attempt(
                lambda: self.streams.lines(stream.group, stream.of(task.id), stream.region), self.terminal
            )
            lines = read or lines
            if document := reports.carried_by(lines):
                return reports.parsed(document, f"the log of task {task.id}")
        raise ProbeError(
            f"the task that looked from {stand.service.name} left no report in its log within {LOG_SECONDS:g} s",
            cause=f"log group {stream.group}, stream {stream.of(task.id)}: {len(lines)} lines",
            remedy=f"{self._log(stand, task.arn)}\n{by_hand(self.cluster.name)}",
        )

    def _log(self, stand: Stand, arn: str) -> str:
        return stopped.logs(stand.definition.content, short(arn), stand.container, self.cluster.region)
