"""Holds to the cluster's policy."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("report", schedule=None, tags=["finance"]):
    EmptyOperator(task_id="start")
