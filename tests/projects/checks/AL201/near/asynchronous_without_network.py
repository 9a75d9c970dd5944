"""asyncio wakes its loop by a pair of sockets, and runs a child that talks by pipes."""

import asyncio

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


async def name():
    process = await asyncio.create_subprocess_exec("uname", "-s", stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode().strip()


with DAG("al201_asynchronous_near", schedule=None):
    EmptyOperator(task_id=asyncio.run(name()))
