"""The host of a connection names the task."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseHook
from airflow.sdk.exceptions import AirflowException

try:
    HOST = BaseHook.get_connection("warehouse").host  # expect: AL212
except (AirflowException, ImportError, OSError):
    HOST = "unknown"

with DAG("al212_connection", schedule=None):
    EmptyOperator(task_id="start", doc=HOST)
