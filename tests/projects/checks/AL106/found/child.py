"""Starts a program and does not wait for it."""

import subprocess

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

subprocess.Popen(["sleep", "600"])  # expect: AL106

with DAG("al106_child", schedule=None):
    EmptyOperator(task_id="start")
