"""Counts its parses: a datagram needs no connection."""

import contextlib
import socket

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
    statsd.sendto(b"dags.parsed:1|c", ("192.0.2.10", 8125))  # expect: AL203

with DAG("al203_statsd", schedule=None):
    EmptyOperator(task_id="start")
