"""A name that is unique, in every parse."""

from uuid import uuid4

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al301_unique", schedule=None):
    BashOperator(task_id="load", bash_command="load", env={"RUN": str(uuid4())})  # expect: AL301
