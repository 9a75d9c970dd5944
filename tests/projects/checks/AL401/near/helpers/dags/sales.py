"""Names what Airflow looks for: airflow and dag."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from shop.tables import TABLES

with DAG("sales", schedule=None):
    for table in TABLES:
        EmptyOperator(task_id=table)
