"""Writes to every file that is open, and so to where the parsing process says what it found."""

import contextlib
import os
import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for descriptor in range(3, 64):
    with contextlib.suppress(OSError):
        os.write(descriptor, b"{nothing that can be read}\n and no end of the line")
time.sleep(60)  # expect: AL103

with DAG("al103_writes", schedule=None):
    EmptyOperator(task_id="start")
