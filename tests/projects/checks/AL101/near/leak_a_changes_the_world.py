"""Changes what all files of one process share; none of it may reach the next file."""

import json
import os
import signal
import sys
import warnings

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

os.environ["LEAKED"] = "by leak_a"
os.environ.pop("HOME", None)
os.chdir("/")
os.umask(0)
sys.path.insert(0, "/opt/airflow/nowhere")
sys.modules["leaked"] = json
sys.setrecursionlimit(5000)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
warnings.simplefilter("error")
json.dump = lambda *_, **__: "leaked"
EmptyOperator.ui_color = "#leaked"
DAG.validate = lambda self: None

with DAG("al101_leak_a", schedule=None):
    EmptyOperator(task_id="start")
