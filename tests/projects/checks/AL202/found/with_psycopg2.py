"""libpq resolves the name, in C."""

import psycopg2
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    psycopg2.connect(host="warehouse.example.com", dbname="warehouse", connect_timeout=2).close()  # expect: AL202
    STATE = "there"
except psycopg2.OperationalError:
    STATE = "away"

with DAG("al202_psycopg2", schedule=None):
    EmptyOperator(task_id=STATE)
