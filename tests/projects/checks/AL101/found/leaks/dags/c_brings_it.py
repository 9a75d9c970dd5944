"""Brings what the file before it needs: in production each has a process of its own."""

import builtins

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

builtins.currency = "EUR"

with DAG("al101_leaks_after", schedule=None):
    EmptyOperator(task_id="start")
