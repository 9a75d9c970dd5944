"""A loop that makes DAGs, each with a name of its own."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for table in ("orders", "customers"):
    with DAG(f"al110_{table}", schedule=None):
        EmptyOperator(task_id="start")
