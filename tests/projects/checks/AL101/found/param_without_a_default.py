"""A scheduled run has nobody who fills the form in."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

with DAG("al101_param", schedule="@daily", params={"table": Param(type="string")}):  # expect: AL101
    EmptyOperator(task_id="start")
