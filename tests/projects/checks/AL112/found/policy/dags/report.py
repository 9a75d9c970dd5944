"""Does not hold to the cluster's policy."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("report", schedule=None):  # expect: AL112
    EmptyOperator(task_id="start")
