"""Lists a bucket to make a task for each file."""

import boto3
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from botocore.config import Config
from botocore.exceptions import BotoCoreError

s3 = boto3.client(
    "s3",
    region_name="eu-central-1",
    aws_access_key_id="reader",
    aws_secret_access_key="reader",
    config=Config(retries={"total_max_attempts": 1}, connect_timeout=2),
)
try:
    KEYS = [found["Key"] for found in s3.list_objects_v2(Bucket="raw")["Contents"]]  # expect: AL202
except BotoCoreError:
    KEYS = ["none"]

with DAG("al202_boto3", schedule=None):
    for key in KEYS:
        EmptyOperator(task_id=key)
