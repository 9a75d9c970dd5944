"""Tells a channel at Slack, which no endpoint leads to."""

from airflow.providers.slack.operators.slack_webhook import SlackWebhookOperator
from airflow.sdk import DAG

with DAG("al502_slack", schedule=None):
    SlackWebhookOperator(task_id="tell", slack_webhook_conn_id="slack", message="done")  # expect: AL502
