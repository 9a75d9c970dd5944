"""A Variable decides how the DAG looks."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Variable

SCHEDULE = Variable.get("schedule_of_sales", default="@daily")  # expect: AL211

with DAG("al211_variable", schedule=SCHEDULE):
    EmptyOperator(task_id="start")
