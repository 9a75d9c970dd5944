"""Wants an executor that is not configured."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al107_executor", schedule=None):  # expect: AL107
    EmptyOperator(task_id="start", executor="KubernetesExecutor")
