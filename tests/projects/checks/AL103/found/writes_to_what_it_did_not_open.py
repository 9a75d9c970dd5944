"""Writes to what is open, and so to where the parsing process says what it found."""

import fcntl
import os
from collections import deque
from contextlib import suppress
from itertools import cycle, repeat

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

pipes = []
for number in range(3, 64):
    with suppress(OSError):
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
            pipes.append(number)
deque(map(os.write, cycle(pipes), repeat(b"{not to be read}\n, and no end of the line")), maxlen=0)  # expect: AL103

with DAG("al103_writes", schedule=None):
    EmptyOperator(task_id="start")
