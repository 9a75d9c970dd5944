"""Copied within the file, and the name not changed: which of them Airflow keeps is chance."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al110_twice", schedule="@daily") as orders:  # expect: AL110
    EmptyOperator(task_id="start")

with DAG("al110_twice", schedule="@daily") as customers:  # expect: AL110
    EmptyOperator(task_id="start")
