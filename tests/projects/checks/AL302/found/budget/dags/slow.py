"""Takes longer than it may."""

# expect-file: AL302
import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

time.sleep(4)

with DAG("slow", schedule=None):
    EmptyOperator(task_id="start")
