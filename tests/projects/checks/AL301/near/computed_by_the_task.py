"""What differs is not part of the DAG."""

import random
from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task

PARSED = datetime.now(UTC)
random.seed(PARSED.timestamp())

with DAG("al301_computed", schedule=None):

    @task
    def suffix() -> str:
        return f"{PARSED:%s}{random.randrange(10**9)}"

    BashOperator(task_id="load", bash_command="load {{ ds }}", env={"SUFFIX": "{{ ts_nodash }}"}) << suffix()
