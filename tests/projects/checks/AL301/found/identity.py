"""Where an object lies in memory, in the text that Python makes of it."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG


class Warehouse:
    """Where tables are."""


with DAG("al301_identity", schedule=None):
    BashOperator(task_id="load", bash_command=f"load --into '{Warehouse()}'")  # expect: AL301
