"""Pools that are there."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("load", schedule=None):
    EmptyOperator(task_id="start") >> EmptyOperator(task_id="load", pool="warehouse")
