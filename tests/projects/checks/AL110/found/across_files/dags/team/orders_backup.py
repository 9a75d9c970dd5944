"""The copy: one of the two wins, and nobody knows which."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("orders", schedule="@daily"):  # expect: AL110
    EmptyOperator(task_id="start")
