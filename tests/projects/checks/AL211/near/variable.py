"""A Variable in a template and in a task."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Variable, task

with DAG("al211_variable_near", schedule=None):

    @task
    def bucket() -> str:
        return Variable.get("bucket", default="raw")

    bucket() >> BashOperator(task_id="show", bash_command="echo {{ var.value.bucket }}")
