"""An object as an argument: Airflow takes the place in memory out of the text that Python makes of it."""

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG


class Loader:
    """Loads a table."""


with DAG("al301_object", schedule=None):
    PythonOperator(task_id="load", python_callable=print, op_args=[Loader()])
