"""Asks a service whose connection says where it is: it may well be inside."""

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

with DAG("al502_http", schedule=None):
    HttpOperator(task_id="ask", http_conn_id="catalogue", endpoint="tables", method="GET")
