"""A statement is made, and not sent; and a database in memory is its own."""

import sqlite3

from airflow.models.dag import DagModel
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sqlalchemy import select

STATEMENT = str(select(DagModel.dag_id))
with sqlite3.connect(":memory:") as database:
    (number,) = database.execute("SELECT 1").fetchone()

with DAG("al213_near", schedule=None):
    EmptyOperator(task_id=f"start_{number}", doc=STATEMENT)
