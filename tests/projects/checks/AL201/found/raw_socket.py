"""Looks whether a port answers."""

import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
probe.settimeout(2)
STATE = "away" if probe.connect_ex(("192.0.2.10", 5432)) else "there"  # expect: AL201
probe.close()

with DAG("al201_socket", schedule=None):
    EmptyOperator(task_id=STATE)
