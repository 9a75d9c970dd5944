"""A set, in order; and a set that only is asked."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

TABLES = {"orders", "customers", "products", "returns", "stores", "prices", "suppliers", "regions"}

with DAG("al301_sorted", schedule=None, tags={"sales", "daily", "orders", "prices"}):
    BashOperator(task_id="load", bash_command=f"load {' '.join(sorted(TABLES))} {'orders' in TABLES}")
