"""Helpers."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


def make_dag(name):
    with DAG(name, schedule=None) as dag:
        EmptyOperator(task_id="start")
    return dag
