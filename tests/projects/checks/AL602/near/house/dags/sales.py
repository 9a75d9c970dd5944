from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("sales", schedule=None, tags=["daily", "team:sales"]):
    EmptyOperator(task_id="start")
