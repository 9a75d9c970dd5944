"""Threads reserve much memory and take little."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

together = Barrier(48)


def width(number):
    together.wait()
    return len(str(number) * 4096)


with ThreadPoolExecutor(48) as pool:
    total = sum(pool.map(width, range(48)))

with DAG("al104_many_threads", schedule=None, tags=[f"total-{total}"]):
    EmptyOperator(task_id="start")
