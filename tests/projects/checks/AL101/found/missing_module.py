"""The library is on the author's laptop, not in the image."""

import pandas_profiling  # expect: AL101
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

with DAG("al101_missing_module", schedule=None):
    PythonOperator(task_id="profile", python_callable=pandas_profiling.ProfileReport)
