"""A client is made; it calls nobody."""

import boto3
import grpc
import requests
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

s3 = boto3.client("s3", region_name="eu-central-1")
session = requests.Session()
grpc.insecure_channel("192.0.2.10:50051").close()
prepared = session.prepare_request(requests.Request("GET", "https://192.0.2.10/tables"))

with DAG("al201_client", schedule=None):
    EmptyOperator(task_id="start", doc=prepared.url)
