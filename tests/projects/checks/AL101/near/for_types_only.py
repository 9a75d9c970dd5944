"""What only a type checker imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import dag, task

if TYPE_CHECKING:
    from company_types import Order


@dag(schedule=None)
def al101_for_types_only():
    @task
    def count(orders: list[Order]) -> int:
        return len(orders)

    count([])


al101_for_types_only()
