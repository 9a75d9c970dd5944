"""Sockets are made, and none is connected to anything outside this process."""

import os
import socket
import tempfile
import threading

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for family in (socket.AF_INET, socket.AF_INET6):
    socket.socket(family, socket.SOCK_STREAM).close()
left, right = socket.socketpair()
left.send(b"x")
assert right.recv(1) == b"x"
with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
    server.bind(os.path.join(folder, "socket"))
    server.listen()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.path.join(folder, "socket"))
for end in (left, right):
    end.close()

with DAG("al201_nowhere", schedule=None):
    EmptyOperator(task_id="start")
