"""What follows a setup must not run where that failed."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al107_setup", schedule=None):  # expect: AL107
    EmptyOperator(task_id="make_cluster").as_setup() >> EmptyOperator(task_id="load", trigger_rule="all_done")
