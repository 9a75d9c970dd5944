"""Celery, told to note how its worker is: the entrypoint sets CELERY_LOADER=airlock_celery:Loader for workers.

A loader rather than a key of the configuration: it holds whichever Celery configuration a deployment chooses
([celery] celery_config_options, extra_celery_config, one for each team), and with every broker.
https://docs.celeryq.dev/en/stable/userguide/extending.html
"""

from __future__ import annotations

import os
import time
from typing import Any

from celery import bootsteps
from celery.loaders.app import AppLoader

from airlock_runtime import processes, worker

DEAF = 60.0  # seconds without a poll: one may wait for 20, and the next begins some later


class Loader(AppLoader):  # type: ignore[misc]
    """Celery's own loader; a worker gets one more step."""

    def on_worker_init(self) -> None:
        """Add the step before the worker connects."""
        worker.forget_loader(os.environ)
        Notes().write(worker.CONNECTING)
        self.app.steps["consumer"].add(Beat)


class Notes:
    """The file of this process."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        process = processes.read(self._pid)
        self._started = process.started if process else 0.0
        self.state = ""
        self._since = 0.0

    def write(self, state: str) -> None:
        """Note a beat in a state."""
        now = time.time()
        if state != self.state:
            self.state, self._since = state, now
        worker.note(self._pid, self._started, state, self._since, now)


class Beat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Beats from the main loop, while it is connected to the broker.

    Celery stops and starts the steps of its consumer around every lost connection, and closes them once: when
    the worker is to finish its tasks and end.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._notes = Notes()
        self._timer: Any = None
        self._polled: float | None = None
        self._note_loss_at_once(consumer)
        if not consumer.hub:
            self._beat_in_the_blocking_loop(consumer)

    def start(self, consumer: Any) -> None:
        self._notes.write(worker.READY)
        self._watch_polls(consumer.task_consumer.channel)
        if consumer.hub:
            self._timer = consumer.timer.call_repeatedly(worker.INTERVAL, self._beat)

    def close(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's interface
        self._notes.write(worker.DRAINING)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002
        if self._timer is not None:
            self._timer.cancel()
        self._lost()

    def _lost(self) -> None:
        if self._notes.state != worker.DRAINING:
            self._notes.write(worker.LOST)

    def _note_loss_at_once(self, consumer: Any) -> None:
        """Note a lost connection before the other steps stop: one says good-bye to the broker, for half a minute."""
        told = consumer.on_connection_error_after_connected

        def note_and_tell(error: Exception) -> None:
            self._lost()
            told(error)

        consumer.on_connection_error_after_connected = note_and_tell

    def _beat(self) -> None:
        if self._notes.state != worker.DRAINING:
            deaf = self._polled is not None and time.monotonic() - self._polled > DEAF
            self._notes.write(worker.LOST if deaf else worker.READY)

    def _watch_polls(self, channel: Any) -> None:
        """Note each poll of SQS: an answer that is an error ends kombu's polling, and nothing else, without a word."""
        schedule = getattr(channel, "_schedule_queue", None)
        if schedule is None:
            return

        def schedule_and_note(queue: Any) -> None:
            self._polled = time.monotonic()
            schedule(queue)

        self._polled = time.monotonic()
        channel._schedule_queue = schedule_and_note  # noqa: SLF001 - kombu has no other place to see it

    def _beat_in_the_blocking_loop(self, consumer: Any) -> None:
        """Beat where Celery looks for other work between two messages: timers are another thread's here."""
        perform = consumer.perform_pending_operations
        last = time.monotonic()

        def beat_and_perform() -> None:
            nonlocal last
            if time.monotonic() - last >= worker.INTERVAL:
                last = time.monotonic()
                self._beat()
            perform()

        consumer.perform_pending_operations = beat_and_perform
