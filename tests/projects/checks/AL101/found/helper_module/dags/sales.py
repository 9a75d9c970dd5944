"""The file is right, and the module of the bundle that it imports is not."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from shop.tables import TABLES

with DAG("sales", schedule=None):
    for table in TABLES:
        BashOperator(task_id=table, bash_command=f"echo {table}")
