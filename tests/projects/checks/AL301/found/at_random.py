"""A suffix that is another one each time."""

import random

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG


def suffix():
    return random.randrange(10**9)


with DAG("al301_random", schedule=None):
    BashOperator(task_id="load", bash_command=f"load --into tmp_{suffix()}")  # expect: AL301
