"""The script includes what need not be there."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al114_may_be_missing", schedule=None):
    BashOperator(task_id="load", bash_command="may_be_missing.sh")
