"""Tell which image tasks run in; each day's answer is kept as the return value of its task."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from airflow.sdk import dag, task

log = logging.getLogger(__name__)


@task
def report(identity: str) -> str:
    log.info("this task runs in %s", identity)
    return identity


@dag(
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["airlock"],
    doc_md=__doc__,
)
def image_report() -> None:
    report("{{ macros.airlock.image_identity() }}")


image_report()
