"""The process that crashes is a child, and expected to."""

import os
import signal
import subprocess
import sys

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
child.send_signal(signal.SIGKILL)
child.wait()
if (pid := os.fork()) == 0:
    os._exit(1)
os.waitpid(pid, 0)

with DAG("al103_ends_a_child", schedule=None):
    EmptyOperator(task_id="start")
