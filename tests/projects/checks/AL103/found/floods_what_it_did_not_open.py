"""Lets a child write without end to where the parsing process says what it found."""

import os
import subprocess
import time
from contextlib import suppress

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for descriptor in range(3, 64):
    with suppress(OSError):
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith("pipe:"):
            subprocess.Popen(["cat", "/dev/zero"], stdout=descriptor)
time.sleep(60)  # expect: AL103

with DAG("al103_floods", schedule=None):
    EmptyOperator(task_id="start")
