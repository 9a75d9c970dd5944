from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("sales", schedule=None, default_args={"retries": 2}):
    EmptyOperator(task_id="start")
