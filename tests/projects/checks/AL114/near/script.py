"""The script is beside the file; a blank says that a name of a file is a command."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al114_script_there", schedule=None):
    BashOperator(task_id="load", bash_command="load.sh") >> BashOperator(
        task_id="run", bash_command="/opt/tools/nightly.sh "
    )
