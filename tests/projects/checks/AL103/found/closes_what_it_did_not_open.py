"""Closes every file but the standard ones, as daemons do: what Airflow has open is among them."""

# expect-file: AL103
import os

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

os.closerange(3, 256)

with DAG("al103_closes", schedule=None):
    EmptyOperator(task_id="start")
