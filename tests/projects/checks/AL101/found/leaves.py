"""A script that was made a DAG file and still ends like a script."""

import sys

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al101_leaves", schedule=None):
    EmptyOperator(task_id="start")

sys.exit(0)  # expect: AL101
