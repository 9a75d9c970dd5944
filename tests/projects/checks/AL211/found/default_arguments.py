"""A Variable as an argument, in JSON."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Variable

with DAG("al211_arguments", schedule=None):
    BashOperator(task_id="show", bash_command="env", env=Variable.get("settings", default={"A": "b"}, deserialize_json=True))  # expect: AL211
