"""Needs much, not too much, and gives it back."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

size = len(bytearray(200 * 1024**2))

with DAG("al104_large", schedule=None):
    EmptyOperator(task_id=f"of_{size}")
