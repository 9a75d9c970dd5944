"""Build the marts from yesterday's files, with what the requirements bring."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import polars as pl
from airflow.sdk import dag, task
from cosmos import ProfileConfig


@task
def totals() -> int:
    orders = pl.DataFrame({"shop": [1, 1, 2], "amount": [3, 4, 5]})
    found = duckdb.sql("SELECT sum(amount) FROM orders").fetchone()
    assert found is not None
    assert orders.height == 3
    return int(found[0])


@dag(
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=ProfileConfig.__doc__,
)
def marts() -> None:
    totals()


marts()
