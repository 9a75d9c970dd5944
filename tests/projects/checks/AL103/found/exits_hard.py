"""Leaves without saying goodbye."""

import os

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al103_exits_hard", schedule=None):
    EmptyOperator(task_id="start")

os._exit(0)  # expect: AL103
