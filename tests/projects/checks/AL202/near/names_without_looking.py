"""Names and addresses are read, and none is looked up."""

import ipaddress
import pwd
import socket
from urllib.parse import urlsplit

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

HOST = urlsplit("https://rates.example.com/eur").hostname
NUMBER = socket.getaddrinfo("192.0.2.10", 443, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][4]
assert ipaddress.ip_address(NUMBER[0])
assert pwd.getpwuid(0).pw_name == "root"

with DAG("al202_names", schedule=None):
    EmptyOperator(task_id="start", doc=f"{HOST} {socket.gethostname()}")
