"""The connection is opened in a module of the bundle, and that is where it is to be mended."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from shop.client import CURRENCIES

with DAG("prices", schedule=None):
    for currency in CURRENCIES:
        EmptyOperator(task_id=currency)
