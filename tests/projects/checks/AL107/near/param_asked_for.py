"""Runs only when somebody starts it, and fills the form in."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

with DAG("al107_param_asked_for", schedule=None, params={"table": Param(type="string")}):
    EmptyOperator(task_id="start")
