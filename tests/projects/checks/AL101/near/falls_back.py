"""A library that may be missing, and is not missed."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

try:
    import company_metrics
except ImportError:
    company_metrics = None

with DAG("al101_falls_back", schedule=None):
    BashOperator(task_id="say", bash_command="echo measured" if company_metrics else "echo not measured")
