"""Nobody will know why."""

import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    socket.gethostbyname("warehouse.example.com")  # airlock: ignore[AL202]  # expect: AL001
except OSError:
    pass

with DAG("al001_without_a_reason", schedule=None):
    EmptyOperator(task_id="start")
