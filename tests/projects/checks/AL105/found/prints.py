"""Prints a gigabyte."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for _ in range(1024):
    print("x" * 1024**2)  # expect: AL105

with DAG("al105_prints", schedule=None):
    EmptyOperator(task_id="start")
