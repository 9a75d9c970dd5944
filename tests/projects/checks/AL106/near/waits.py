"""Starts threads and programs, and waits for them."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with ThreadPoolExecutor(4) as pool:
    names = sorted(pool.map(str.lower, ["Orders", "Customers"]))
host = subprocess.run(["uname", "-s"], check=True, capture_output=True, text=True).stdout.strip()

with DAG("al106_waits", schedule=None):
    for name in names:
        EmptyOperator(task_id=f"{name}_{host}")
