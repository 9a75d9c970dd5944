"""The variable is set on one machine only."""

import os

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

BUCKET = os.environ["RAW_BUCKET"]  # expect: AL101

with DAG("al101_environment", schedule=None):
    BashOperator(task_id="show", bash_command=f"echo {BUCKET}")
