# ruff: noqa: T201 - its result is what it prints
"""Print what the image's defaults make of AWS: endpoints, and how long a service takes that does not answer."""

from __future__ import annotations

import json
import time

import boto3
from airflow.configuration import conf
from airflow.sdk import Connection


def seconds(host_does_not_answer: str) -> float:
    client = boto3.client(
        host_does_not_answer,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106
    )
    started = time.monotonic()
    try:
        client.list_secrets()
    except Exception as error:  # noqa: BLE001 - whichever: that it ends is what is asked
        print(f"{type(error).__name__}: {error}")
    return time.monotonic() - started


def endpoint(service: str, region: str) -> str:
    return str(boto3.client(service, region_name=region).meta.endpoint_url)


role = Connection.get("aws_default")
print(
    json.dumps(
        {
            "silent_seconds": seconds("secretsmanager"),
            "sts": endpoint("sts", "eu-west-1"),
            "s3": endpoint("s3", "us-east-1"),
            "aws_default": [role.conn_type, role.login],
            "hostname_callable": conf.get("core", "hostname_callable"),
            "backend": conf.get("secrets", "backend"),
            "refresh_interval": conf.getint("dag_processor", "refresh_interval"),
        }
    )
)
