"""There is no 25th hour."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al107_cron", schedule="0 25 * * *"):  # expect: AL107
    EmptyOperator(task_id="start")
