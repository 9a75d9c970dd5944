"""Nothing is to be ignored on that line."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al001_without_effect", schedule=None):
    EmptyOperator(task_id="start")  # airlock: ignore[AL113] the template is checked elsewhere  # expect: AL001
