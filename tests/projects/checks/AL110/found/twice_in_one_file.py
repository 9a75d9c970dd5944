"""Copied within the file, and the name not changed."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al110_twice", schedule="@daily") as daily:
    EmptyOperator(task_id="start")

with DAG("al110_twice", schedule="@hourly") as hourly:  # expect: AL110
    EmptyOperator(task_id="start")
