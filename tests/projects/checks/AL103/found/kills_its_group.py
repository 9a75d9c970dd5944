"""Ends its whole process group."""

# expect-file: AL103
import os
import signal

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

os.killpg(0, signal.SIGKILL)

with DAG("al103_kills_its_group", schedule=None):
    EmptyOperator(task_id="start")
