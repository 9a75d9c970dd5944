"""Refers to the DAG of another file: that is one DAG, not two."""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG
from orders import orders

with DAG("reports", schedule="@daily"):
    TriggerDagRunOperator(task_id="orders_first", trigger_dag_id=orders.dag_id)
