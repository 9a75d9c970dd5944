"""There is an endpoint for the logs, and none for ECS."""

from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import DAG

with DAG("report", schedule=None):
    EcsRunTaskOperator(task_id="run", cluster="reports", task_definition="report", overrides={})  # expect: AL501
