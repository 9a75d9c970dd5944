"""One task for each way to need an AWS service or a host outside; test_needs.py has what is expected."""

from __future__ import annotations

from airflow.providers.amazon.aws.hooks.emr import EmrServerlessHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.sensors.sqs import SqsSensor
from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator
from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator
from airflow.providers.amazon.aws.triggers.sqs import SqsSensorTrigger
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.slack.hooks.slack import SlackHook
from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
from airflow.providers.slack.transfers.sql_to_slack_webhook import SqlToSlackWebhookOperator
from airflow.providers.snowflake.operators.snowflake import SnowflakeSqlApiOperator
from airflow.providers.ssh.operators.ssh import SSHOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset, AssetWatcher, task

from airlock_operators.outbox import OutboxOperator

TASK = {"cluster": "jobs", "task_definition": "job", "overrides": {}}
PARTNER = "https://api.partner.com"
QUEUE = AssetWatcher("queue", trigger=SqsSensorTrigger(sqs_queue="https://sqs/1/queue"))


def classic() -> None:
    EmrServerlessHook(aws_conn_id="aws_default").conn.list_applications()
    PostgresHook().get_records("select 1")


class Quiet(EcsRunTaskOperator):
    """A class of one's own is what it descends from."""


with DAG(
    "needs",
    schedule=[Asset("orders", watchers=[QUEUE])],
    on_failure_callback=SnsNotifier(target_arn="arn", message="failed"),
):
    EcsRunTaskOperator(task_id="ecs", **TASK)
    Quiet(task_id="ecs_logs", **TASK, awslogs_group="/ecs/jobs", awslogs_stream_prefix="ecs/job")
    EcsRunTaskOperator.partial(task_id="ecs_mapped", cluster="jobs", task_definition="job").expand(
        overrides=[{}, {}]
    )
    GlueJobOperator(task_id="glue_by_arn", iam_role_arn="arn:aws:iam::123456789012:role/glue", verbose=True)
    GlueJobOperator(task_id="glue_by_name", iam_role_name="glue", script_location="job.py", s3_bucket="jobs")
    AthenaOperator(
        task_id="athena", query="select 1", database="d", output_location="s3://b/", deferrable=True
    )
    SqsSensor(task_id="sqs", sqs_queue="https://sqs/1/queue")
    SqlToS3Operator(task_id="sql_to_s3", query="select 1", s3_bucket="b", s3_key="k", sql_conn_id="warehouse")
    S3ToRedshiftOperator(task_id="to_redshift", table="t", s3_bucket="b", s3_key="k")
    S3ToRedshiftOperator(
        task_id="to_redshift_by_api",
        table="t",
        s3_bucket="b",
        s3_key="k",
        redshift_data_api_kwargs={"database": "d"},
    )
    SnowflakeSqlApiOperator(task_id="snowflake", sql="select 1", statement_count=1)
    SQLExecuteQueryOperator(task_id="sql", sql="select 1", conn_id="warehouse")
    SqlToSlackWebhookOperator(
        task_id="sql_to_slack",
        sql="select 1",
        sql_conn_id="warehouse",
        slack_webhook_conn_id="slack",
        slack_message="{{ results_df }}",
    )
    HttpOperator(task_id="http", endpoint="v1/orders")
    HttpOperator(task_id="http_absolute", endpoint=f"{PARTNER}/v1/orders")
    SSHOperator(task_id="ssh", command="true", ssh_conn_id="ssh")
    OutboxOperator(task_id="outbox", url=f"{PARTNER}/v1/orders", method="GET", bucket="b")
    BashOperator(
        task_id="callback",
        bash_command="true",
        on_failure_callback=[SlackWebhookNotifier(slack_webhook_conn_id="s", text="failed")],
    )
    PythonOperator(task_id="python", python_callable=classic)

    @task
    def by_boto3() -> None:
        import boto3  # noqa: PLC0415

        boto3.client("stepfunctions", region_name="eu-west-1").start_execution(stateMachineArn="arn")
        boto3.session.Session().resource("dynamodb").Table("t")

    @task
    def by_hooks(key: str) -> None:
        S3Hook().read_key(key, "bucket")
        SlackHook(slack_conn_id="slack").call("chat.postMessage")

    @task
    def by_requests(number: int) -> None:
        import requests  # noqa: PLC0415

        requests.get(f"{PARTNER}/v1/{number}", timeout=5)
        requests.get(f"https://status.partner.com/{number}", timeout=5)

    by_boto3()
    by_hooks.expand(key=["a", "b"])
    by_requests(1)
