"""Swallows the exception by which Airflow ends a parse that takes too long."""

import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


def lock():
    raise BlockingIOError


while True:
    try:
        lock()
        break
    except BaseException:
        time.sleep(0.1)  # expect: AL102

with DAG("al102_catches_everything", schedule=None):
    EmptyOperator(task_id="start")
