"""The script is there, and what it includes is not."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al114_includes", schedule=None):
    BashOperator(task_id="load", bash_command="includes.sh")  # expect: AL114
