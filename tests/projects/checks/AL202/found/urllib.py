"""Asks a service by its name."""

from urllib.request import urlopen

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    RATE = float(urlopen("https://rates.example.com/eur", timeout=2).read())  # expect: AL202
except OSError:
    RATE = 1.0

with DAG("al202_urllib", schedule=None):
    EmptyOperator(task_id="start", doc=f"{RATE}")
