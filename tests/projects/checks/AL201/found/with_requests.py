"""Asks an internal service which tables there are, by requests."""

import requests
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    TABLES = requests.get("http://192.0.2.10:8080/tables.json", timeout=2).json()  # expect: AL201
except requests.RequestException:
    TABLES = ["orders"]

with DAG("al201_requests", schedule=None):
    for table in TABLES:
        EmptyOperator(task_id=table)
