"""A DAG that another file imports, to say what comes after it."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("orders", schedule="@daily") as orders:
    EmptyOperator(task_id="start")
