"""Starts a thread that goes on."""

import threading
import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


def refresh():
    while True:
        time.sleep(60)


threading.Thread(target=refresh, daemon=True).start()  # expect: AL106

with DAG("al106_thread", schedule=None):
    EmptyOperator(task_id="start")
