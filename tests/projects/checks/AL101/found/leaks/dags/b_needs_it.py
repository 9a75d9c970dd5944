"""Needs what only other files bring, one before it and one behind."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al101_leaks", schedule=None, tags=[currency]):  # expect: AL101
    EmptyOperator(task_id="start")
