"""Airflow complains deep inside; the line to mend is here."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al101_trigger_rule", schedule=None):
    EmptyOperator(task_id="start", trigger_rule="all_good")  # expect: AL101
