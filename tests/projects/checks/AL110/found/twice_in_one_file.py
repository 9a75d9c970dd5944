"""Copied within the file, and the name not changed: which of them Airflow keeps is chance."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al110_twice", schedule="@daily"):  # expect: AL110
    EmptyOperator(task_id="orders")

with DAG("al110_twice", schedule="@hourly"):  # expect: AL110
    EmptyOperator(task_id="customers")
