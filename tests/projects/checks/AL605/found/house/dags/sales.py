from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("sales", schedule=None):  # expect: AL605
    EmptyOperator(task_id="start")
