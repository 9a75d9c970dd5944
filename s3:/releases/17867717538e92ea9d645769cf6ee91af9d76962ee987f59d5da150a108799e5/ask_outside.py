"""Ask an HTTP API outside this network, which a task cannot reach: by way of the outbox (docs/outbox.md).

The request names the secret that the API wants; the task never has it. The task waits in the triggerer. If it is
tried again, it finds the request that it made, and the answer.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from airlock_operators.outbox import OutboxOperator

log = logging.getLogger(__name__)

with DAG(
    "ask_outside",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["airlock", "outbox"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "bucket": Param("airlock-lab-outbox", type="string"),
        "url": Param("http://api.outside.example:8080/v1/orders", type="string", format="uri"),
        "secret": Param("airflow-outside/api-token", type="string", description="its name, not its value"),
    },
):
    ask = OutboxOperator(
        task_id="ask",
        bucket="{{ params.bucket }}",
        method="POST",
        url="{{ params.url }}",
        headers={"Authorization": {"secret": "{{ params.secret }}", "prefix": "Bearer "}},
        body={"run": "{{ run_id }}"},
        repeatable=True,  # this API honours Idempotency-Key
        deadline=120,
    )

    @task
    def use(answer: dict[str, Any]) -> int:
        """Go on with what the API said."""
        log.info("answered %s with %s", answer["status"], answer["body"])
        return int(answer["status"])

    use(ask.output)
