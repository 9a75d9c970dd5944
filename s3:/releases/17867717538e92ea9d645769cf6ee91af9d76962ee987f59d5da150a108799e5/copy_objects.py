"""Copy what arrived in a bucket to where it is worked on: one mapped task an object, nothing through the worker.

S3 copies within S3: the gateway endpoint carries the requests, and no object's bytes pass through a task. Each
object is its own task, with its own retries and its own line in the grid. An object that is at its place is not
copied again, so that any run may be repeated.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, dag, task

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

MOST = 1000  # mapped tasks that Airflow makes of one listing ([core] max_map_length is 1024)


def s3() -> S3Client:
    """Return a client with the task's role; made where it is used, for parsing a DAG needs no AWS."""
    import boto3  # noqa: PLC0415

    return boto3.client("s3")


def listed(bucket: str, prefix: str) -> list[Any]:
    pages = s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [one for page in pages for one in page.get("Contents", [])]


@task
def list_objects(bucket: str, source: str, target: str) -> list[dict[str, Any]]:
    """List what is not at its place yet, the oldest first, then the rest; beyond MOST it waits for the next run."""
    copied = {one["Key"].removeprefix(target): one["LastModified"] for one in listed(bucket, target)}

    def is_there(one: dict[str, Any]) -> bool:
        at = copied.get(one["Key"].removeprefix(source))
        return at is not None and bool(at > one["LastModified"])

    found = [one for one in listed(bucket, source) if not one["Key"].endswith("/")]
    found.sort(key=lambda one: (is_there(one), one["LastModified"]))
    log.info("%s objects in s3://%s/%s", len(found), bucket, source)
    return [{"key": one["Key"], "etag": one["ETag"]} for one in found[:MOST]]


@task(retries=3, retry_delay=timedelta(seconds=10), map_index_template="{{ name }}")
def copy(found: dict[str, Any], bucket: str, source: str, target: str) -> str:
    """Copy one object where it is not there yet, as it was when it was listed."""
    from airflow.sdk import get_current_context  # noqa: PLC0415
    from botocore.exceptions import ClientError  # noqa: PLC0415

    name = found["key"].removeprefix(source)
    get_current_context()["name"] = name
    client, key = s3(), f"{target}{name}"
    try:
        there = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
    else:
        if there["Metadata"].get("source-etag") == found["etag"].strip('"'):
            log.info("s3://%s/%s is there", bucket, key)
            return key
    client.copy_object(
        Bucket=bucket,
        Key=key,
        CopySource={"Bucket": bucket, "Key": found["key"]},
        CopySourceIfMatch=found["etag"],
        MetadataDirective="REPLACE",
        Metadata={"source-etag": found["etag"].strip('"')},
    )
    return key


@task
def count(keys: list[str]) -> int:
    """Say how many objects are at their place."""
    log.info("%s objects are at their place", len(keys))
    return len(keys)


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["airlock", "s3"],
    doc_md=__doc__,
    params={
        "bucket": Param("airlock-lab-data", type="string"),
        "source": Param("in/", type="string", description="prefix of what arrived"),
        "target": Param("copied/", type="string", description="prefix of its place"),
    },
)
def copy_objects() -> None:
    bucket, source, target = "{{ params.bucket }}", "{{ params.source }}", "{{ params.target }}"
    keys = copy.partial(bucket=bucket, source=source, target=target).expand(
        found=list_objects(bucket, source, target)
    )
    count(keys)


copy_objects()
