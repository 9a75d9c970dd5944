"""Ignored, and it says why."""

import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    socket.gethostbyname("warehouse.example.com")  # airlock: ignore[AL202] warms the resolver's cache, and may fail
except OSError:
    pass

with DAG("al001_with_a_reason", schedule=None):
    EmptyOperator(task_id="start")
