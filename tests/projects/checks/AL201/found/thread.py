"""Asks in a thread."""

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


def there(port):
    with contextlib.suppress(OSError), socket.create_connection(("192.0.2.10", port), timeout=2):  # expect: AL201
        return True
    return False


with ThreadPoolExecutor(2) as pool:
    STATES = list(pool.map(there, (80, 443)))

with DAG("al201_thread", schedule=None):
    EmptyOperator(task_id="there" if any(STATES) else "away")
