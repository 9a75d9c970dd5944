"""Ends all old runs of its own program, itself among them."""

# expect-file: AL103
import os
import signal

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

os.kill(os.getpid(), signal.SIGKILL)

with DAG("al103_kills_itself", schedule=None):
    EmptyOperator(task_id="start")
