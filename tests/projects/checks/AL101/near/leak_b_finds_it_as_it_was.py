"""Fails where anything of leak_a_changes_the_world.py is left."""

import json
import os
import signal
import sys

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

if (
    "LEAKED" in os.environ
    or "HOME" not in os.environ
    or os.getcwd() == "/"
    or "/opt/airflow/nowhere" in sys.path
    or "leaked" in sys.modules
    or signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    or json.dump.__name__ == "<lambda>"
    or EmptyOperator.ui_color == "#leaked"
    or DAG.validate.__name__ == "<lambda>"
):
    raise RuntimeError("another file's doing is seen here")

with DAG("al101_leak_b", schedule=None):
    EmptyOperator(task_id="start")
