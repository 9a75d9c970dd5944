"""What the bundle measures, by Airflow's own metrics (StatsD or OpenTelemetry); docs/dag-bundle.md has the table."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

SERVER = "server"


def is_server() -> bool:
    """Whether this is a component of Airflow that has its database, as the dag-processor; tasks have not.

    By Airflow's own rule (`ensure_secrets_backend_loaded`): a task of LocalExecutor inherits the scheduler's variable.
    """
    return os.environ.get("_AIRFLOW_PROCESS_CONTEXT") == SERVER and not is_task()


def is_task() -> bool:
    """Whether this process runs a task, or a callback in its place."""
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return getattr(runner, "SUPERVISOR_COMMS", None) is not None


class Metrics:
    """Metrics of one bundle. None of them fails anything."""

    def __init__(self, bundle: str) -> None:
        self._tags = {"bundle_name": bundle}

    def count(self, name: str, number: int = 1, **tags: str) -> None:
        self._send("incr", name, number, tags)

    def gauge(self, name: str, value: float) -> None:
        self._send("gauge", name, value, {})

    def seconds(self, name: str, seconds: float) -> None:
        self._send(
            "timing", name, seconds * 1000, {}
        )  # StatsD's unit: Airflow takes a number for milliseconds

    def _send(self, kind: str, name: str, value: float, tags: dict[str, str]) -> None:
        with contextlib.suppress(Exception):  # whatever a backend of metrics raises, DAGs are served
            getattr(_stats(), kind)(f"airlock.bundle.{name}", value, tags=self._tags | tags)


def _stats() -> Any:
    # There are two of it, and each process sets up the one of its side.
    if is_server():
        from airflow.observability import stats  # noqa: PLC0415 - Airflow is not loaded by what is tested alone
    else:
        from airflow.sdk.observability import stats  # noqa: PLC0415
    return stats
