"""There is an endpoint for each service."""

from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.amazon.aws.operators.s3 import S3DeleteObjectsOperator
from airflow.sdk import DAG

with DAG("report", schedule=None):
    EcsRunTaskOperator(
        task_id="run", cluster="reports", task_definition="report", overrides={}
    ) >> S3DeleteObjectsOperator(task_id="tidy", bucket="raw", prefix="tmp/")
