"""There is a way to Slack, the settings say."""

from airflow.providers.slack.operators.slack_webhook import SlackWebhookOperator
from airflow.sdk import DAG

with DAG("tell", schedule=None):
    SlackWebhookOperator(task_id="tell", slack_webhook_conn_id="slack", message="done")
