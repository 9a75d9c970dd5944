"""A merge went wrong."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al101_syntax", schedule=None):
    EmptyOperator(task_id="start"  # expect: AL101
