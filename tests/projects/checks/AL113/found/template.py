"""A brace is missing."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al113_template", schedule=None):
    BashOperator(task_id="show", bash_command="echo {{ ds }")  # expect: AL113
