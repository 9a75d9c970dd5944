"""Asks in a task of asyncio."""

import asyncio

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


async def there():
    try:
        await asyncio.wait_for(asyncio.open_connection("192.0.2.10", 443), timeout=2)  # expect: AL201
    except (OSError, TimeoutError):
        return False
    return True


with DAG("al201_asynchronous", schedule=None):
    EmptyOperator(task_id="there" if asyncio.run(there()) else "away")
