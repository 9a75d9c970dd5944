"""Asks by bash, which opens connections where a path begins with /dev/tcp."""

import subprocess

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

done = subprocess.run(["bash", "-c", "exec 3<>/dev/tcp/192.0.2.10/80"], capture_output=True, check=False)  # expect: AL201

with DAG("al201_child_bash", schedule=None):
    EmptyOperator(task_id="there" if done.returncode == 0 else "away")
