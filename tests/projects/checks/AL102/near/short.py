"""Takes its time, and ends."""

import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for _ in range(3):
    time.sleep(0.1)

with DAG("al102_short", schedule=None):
    EmptyOperator(task_id="start")
