"""The order of a set of strings is another one in each process."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

TABLES = {"orders", "customers", "products", "returns", "stores", "prices", "suppliers", "regions"}

with DAG("al301_set", schedule=None):
    BashOperator(task_id="load", bash_command=f"load {' '.join(TABLES)}")  # expect: AL301
