"""Writes a gigabyte past Python's own stdout, as a C library does."""

import os

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for _ in range(1024):
    os.write(1, b"x" * 1024**2)  # expect: AL105

with DAG("al105_writes", schedule=None):
    EmptyOperator(task_id="start")
