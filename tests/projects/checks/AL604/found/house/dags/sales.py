from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("Sales-2", schedule=None):  # expect: AL604
    EmptyOperator(task_id="start")
