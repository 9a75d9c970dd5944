"""Leaves a child behind that has left its session and its parent."""

import os
import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

if (child := os.fork()) == 0:  # expect: AL106
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
os.waitpid(child, 0)

with DAG("al106_daemon", schedule=None):
    EmptyOperator(task_id="start")
