"""Asks a helper that runs on the author's machine: nothing listens there in production."""

import contextlib
from http.client import HTTPConnection

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with contextlib.suppress(OSError):
    HTTPConnection("127.0.0.1", 9090, timeout=2).request("GET", "/ready")  # expect: AL201

with DAG("al201_loopback", schedule=None):
    EmptyOperator(task_id="start")
