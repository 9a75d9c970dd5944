"""The connection is read by the task, and in a template."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, BaseHook, task

with DAG("al212_connection_near", schedule=None):

    @task
    def host() -> str:
        return BaseHook.get_connection("warehouse").host

    host() >> BashOperator(task_id="show", bash_command="echo {{ conn.warehouse.host }}")
