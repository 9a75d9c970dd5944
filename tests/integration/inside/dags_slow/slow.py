"""A task that takes as long as a stop must wait for."""

from __future__ import annotations

import os
import subprocess

from airflow.sdk import DAG, task

with DAG(dag_id="slow", schedule="@once", catchup=False):

    @task
    def sleep() -> str:
        seconds = os.environ.get("SLOW_SECONDS", "12")
        subprocess.run(["/usr/bin/sleep", seconds], check=True)
        return "slept"

    sleep()
