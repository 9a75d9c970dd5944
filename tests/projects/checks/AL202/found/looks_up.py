"""Only looks the name up."""

import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    ADDRESS = socket.gethostbyname("warehouse.example.com")  # expect: AL202
except OSError:
    ADDRESS = "192.0.2.10"

with DAG("al202_looks_up", schedule=None):
    EmptyOperator(task_id="start", doc=ADDRESS)
