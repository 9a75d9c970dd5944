"""A start that moves."""

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al301_start_date", schedule="@daily", start_date=datetime.now(UTC) - timedelta(days=1)):  # expect: AL301
    EmptyOperator(task_id="start")
