"""The time of the parse as that of the run."""

from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

NOW = datetime.now(UTC).isoformat()

with DAG("al301_now", schedule=None):
    BashOperator(task_id="load", bash_command="load", env={"AT": NOW})  # expect: AL301
