"""A bucket of moto as a server, and clients of it: the toolchain's and the image's, also through a proxy that fails."""

from __future__ import annotations

import contextlib
import os
import sys
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from airlock.releases import s3_location
from faults import answers
from project import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.releases.s3_location import S3Location
    from airlock_spec.releases.objects import Objects
    from faults import Fault

BUCKET = "bucket-of-a-test"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Serve a bucket while the block runs; yield HOST:PORT."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - much to import

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto asks for none
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield f"{host}:{port}"
    finally:
        running.stop()


def location() -> str:
    """Return the name of a location that nobody has used."""
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


@contextlib.contextmanager
def reached_at(host: str) -> Iterator[dict[str, str]]:
    """Let clients that are made in the block, and processes with what it yields, reach S3 there."""
    environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://{host}"}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment


def of_toolchain(host: str, where: str) -> S3Location:
    with reached_at(host):
        return s3_location.connect(where)


def of_image(host: str, where: str) -> Objects:
    """Return the image's own way to S3, for this process until another is asked for: it keeps its clients.

    The caller sees to it that the environment is as it was afterwards.
    """
    if (plugins := str(REPOSITORY / "plugins")) not in sys.path:
        sys.path.append(plugins)
    from airlock_plugins import s3  # noqa: PLC0415 - not installed here

    s3._client.cache_clear()
    os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=f"http://{host}")
    return s3.S3Objects(where)


def refuses(status: int, code: str) -> Fault:
    """S3's place is taken by someone who answers this, in its words."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>a test</Message></Error>"
    made: dict[str, Any] = {
        **vars(answers(status, {"Content-Type": "application/xml"})),
        "body": body.encode(),
    }
    return type(answers(status))(**{**made, "name": f"{status} {code}"})
