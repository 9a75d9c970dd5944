"""Counts up to a number that is never reached."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

step = total = 0
while total != 100: total += step  # expect: AL102

with DAG("al102_busy", schedule=None):
    EmptyOperator(task_id="start")
