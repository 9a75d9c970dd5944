"""Says what it does, on both ways out, and in a form that a careless reader takes for a result."""

import os
import sys

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

print("loading tables")
print("loading tables", file=sys.stderr)
print('{"run": {"files": []}}')
os.write(1, b'{"progress": [1, 1]}\n')

with DAG("al105_says_a_little", schedule=None):
    EmptyOperator(task_id="start")
