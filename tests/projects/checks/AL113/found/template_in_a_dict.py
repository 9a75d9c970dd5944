"""A block that is not closed, in a value of a dict."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al113_dict", schedule=None):
    BashOperator(task_id="show", bash_command="env", env={"MODE": "{% if params.full %}full"})  # expect: AL113
