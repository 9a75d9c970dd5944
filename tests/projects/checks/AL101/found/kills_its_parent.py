"""Ends the process that started it, which that does not allow."""

import os
import signal

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

os.kill(os.getppid(), signal.SIGKILL)  # expect: AL101

with DAG("al101_kills_its_parent", schedule=None):
    EmptyOperator(task_id="start")
