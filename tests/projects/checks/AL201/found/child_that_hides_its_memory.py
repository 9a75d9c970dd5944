"""A child process whose memory nobody may read, as agents that keep secrets do it."""

import ctypes
import os
import socket
from contextlib import suppress

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

PR_SET_DUMPABLE = 4

if (pid := os.fork()) == 0:
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    with suppress(OSError):
        socket.create_connection(("192.0.2.10", 443), timeout=2)  # expect: AL201
    os._exit(0)
os.waitpid(pid, 0)

with DAG("al201_hides", schedule=None):
    EmptyOperator(task_id="start")
