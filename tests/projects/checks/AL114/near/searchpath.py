"""The script is where the DAG says."""

from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al114_searchpath", schedule=None, template_searchpath=[str(Path(__file__).parent / "scripts")]):
    BashOperator(task_id="load", bash_command="nightly.sh")
