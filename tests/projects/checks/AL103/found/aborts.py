"""A C extension that gives up."""

import ctypes

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

ctypes.CDLL(None).abort()  # expect: AL103

with DAG("al103_aborts", schedule=None):
    EmptyOperator(task_id="start")
