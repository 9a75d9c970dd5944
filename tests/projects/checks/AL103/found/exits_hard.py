"""Leaves without saying goodbye."""

# expect-file: AL103
import os

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al103_exits_hard", schedule=None):
    EmptyOperator(task_id="start")

os._exit(0)
