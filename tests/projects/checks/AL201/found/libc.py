"""Calls connect(2) of the C library by ctypes: no audit hook of Python's hears of it."""

import ctypes
import socket
import struct

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

libc = ctypes.CDLL(None)
address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(443), socket.inet_aton("192.0.2.10"))
opened = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
STATE = "away" if libc.connect(opened, address, len(address)) else "there"  # expect: AL201
libc.close(opened)

with DAG("al201_libc", schedule=None):
    EmptyOperator(task_id=STATE)
