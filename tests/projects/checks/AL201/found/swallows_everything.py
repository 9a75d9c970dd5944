"""Catches even what is no Exception."""

import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    socket.create_connection(("192.0.2.10", 443), timeout=2)  # expect: AL201
except BaseException:
    pass

with DAG("al201_swallows", schedule=None):
    EmptyOperator(task_id="start")
