"""Two ways from the first to the last, and none back."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al109_diamond", schedule=None):
    first = EmptyOperator(task_id="first")
    last = EmptyOperator(task_id="last")
    first >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")] >> last
    first >> last
