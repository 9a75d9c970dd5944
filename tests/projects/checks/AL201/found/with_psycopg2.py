"""Reads the list of tables from the warehouse: libpq connects in C."""

import psycopg2
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

try:
    with psycopg2.connect(host="192.0.2.10", dbname="warehouse", connect_timeout=2) as database:  # expect: AL201
        cursor = database.cursor()
        cursor.execute("SELECT tablename FROM pg_tables")
        TABLES = [name for (name,) in cursor]
except psycopg2.OperationalError:
    TABLES = ["orders"]

with DAG("al201_psycopg2", schedule=None):
    for table in TABLES:
        EmptyOperator(task_id=table)
