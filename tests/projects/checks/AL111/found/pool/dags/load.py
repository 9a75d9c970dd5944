"""A pool that nobody made: the task is never queued."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("load", schedule=None):
    EmptyOperator(task_id="start", pool="ware_house")  # expect: AL111
