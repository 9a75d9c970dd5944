"""A C extension that reads where nothing is."""

import ctypes

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

VERSION = ctypes.string_at(8)  # expect: AL103

with DAG("al103_segfault", schedule=None):
    EmptyOperator(task_id="start")
