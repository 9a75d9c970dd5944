"""Forks, and so do all that it makes."""

import os

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

while True:
    os.fork()  # expect: AL106

with DAG("al106_fork_bomb", schedule=None):
    EmptyOperator(task_id="start")
