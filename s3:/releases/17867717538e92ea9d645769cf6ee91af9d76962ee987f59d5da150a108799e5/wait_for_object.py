"""Wait for the day's file without holding a worker, and say what arrived.

The wait is in the triggerer: a hundred of them cost one process some threads. The file is `in/<date>.csv`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from airlock_operators.object_sensor import ObjectSensor

log = logging.getLogger(__name__)

with DAG(
    "wait_for_object",
    schedule="0 7 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["airlock", "s3"],
    doc_md=__doc__,
    params={
        "bucket": Param("airlock-lab-data", type="string"),
        "key": Param(
            None, type=["string", "null"], description="what to wait for; in/<date>.csv where it is empty"
        ),
    },
):
    wait = ObjectSensor(
        task_id="wait",
        bucket="{{ params.bucket }}",
        key="{{ params.key or 'in/' ~ ((dag_run.logical_date or dag_run.run_after) | ds) ~ '.csv' }}",
        timeout=timedelta(hours=6),
        poke_interval=15,
    )

    @task
    def say(found: dict[str, Any]) -> str:
        """Say what arrived."""
        log.info("%s arrived, %s bytes", found["key"], found["size"])
        return str(found["key"])

    say(wait.output)
