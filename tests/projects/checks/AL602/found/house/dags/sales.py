from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("sales", schedule=None, tags=["daily"]):  # expect: AL602
    EmptyOperator(task_id="start")
