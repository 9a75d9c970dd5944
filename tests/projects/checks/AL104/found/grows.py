"""Reads a table into memory that has no end."""

from itertools import count

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

rows = []
for number in count():
    rows.append(bytearray(64 * 1024**2) + str(number).encode())  # expect: AL104

with DAG("al104_grows", schedule=None):
    EmptyOperator(task_id="start")
