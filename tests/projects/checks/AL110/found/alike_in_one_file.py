"""Copied as a whole: Airflow takes the two for one."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al110_alike", schedule="@daily"):  # expect: AL110
    EmptyOperator(task_id="start")

with DAG("al110_alike", schedule="@hourly"):  # expect: AL110
    EmptyOperator(task_id="start")
