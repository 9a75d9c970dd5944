"""Meant to be ignored, and is not."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("returns", schedule=None):
    EmptyOperator(task_id="start")
