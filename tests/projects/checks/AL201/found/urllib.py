"""Asks an internal service which tables there are."""

import json
from urllib.request import urlopen

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    with urlopen("http://192.0.2.10:8080/tables.json", timeout=2) as answer:  # expect: AL201
        TABLES = json.load(answer)
except OSError:
    TABLES = ["orders"]

with DAG("al201_urllib", schedule=None):
    for table in TABLES:
        EmptyOperator(task_id=table)
