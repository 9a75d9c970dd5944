"""Asks a feature store over gRPC, which connects in threads of its own in C."""

import grpc
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

channel = grpc.insecure_channel("192.0.2.10:50051")
try:
    grpc.channel_ready_future(channel).result(timeout=2)  # expect: AL201
    STATE = "ready"
except grpc.FutureTimeoutError:
    STATE = "away"
channel.close()

with DAG("al201_grpc", schedule=None):
    EmptyOperator(task_id=STATE)
