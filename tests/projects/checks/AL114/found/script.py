"""The script was moved."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al114_script", schedule=None):
    BashOperator(task_id="load", bash_command="scripts/load.sh")  # expect: AL114
