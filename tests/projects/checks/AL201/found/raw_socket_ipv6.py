"""The same by IPv6."""

import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    socket.create_connection(("2001:db8::10", 5432), timeout=2).close()  # expect: AL201
    STATE = "there"
except OSError:
    STATE = "away"

with DAG("al201_socket_ipv6", schedule=None):
    EmptyOperator(task_id=STATE)
