"""Waits for a file that will come one day."""

import time
from pathlib import Path

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

while not Path("/opt/airflow/ready").exists():
    time.sleep(1)  # expect: AL102

with DAG("al102_sleeps", schedule=None):
    EmptyOperator(task_id="start")
