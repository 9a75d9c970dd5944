"""In a folder of the zip, where it does not."""

# expect-file: AL404
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("returns", schedule=None):
    EmptyOperator(task_id="start")
