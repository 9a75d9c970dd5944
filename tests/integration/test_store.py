"""The real store through S3 and as an archive, between machines that share nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from airlock import process
from airlock.errors import AwsError, CorruptError, FetchError
from airlock.places import places
from project import REPOSITORY, Project, share_store
from reduced import reduce

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.real

BUCKET = "bucket-of-a-test"
LOCATION = f"s3://{BUCKET}/airlock/store"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
NO_PROXY = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@pytest.fixture(scope="module")
def full() -> Path:
    """Return the user's own cache folder, with its store sealed."""
    Project(REPOSITORY, places().root).run("fetch")
    return places().root


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def variables(endpoint: str) -> dict[str, str]:
    return {**CREDENTIALS, **NO_PROXY, "AWS_ENDPOINT_URL": endpoint}


@pytest.fixture(scope="module")
def bucket(endpoint: str, variables: dict[str, str]) -> S3Client:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto asks for none
    )
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture(scope="module")
def pushed(
    full: Path, bucket: S3Client, variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """Return a project whose store was pushed."""
    project = Project.copy(tmp_path_factory.mktemp("pushed"), full, **variables)
    found = project.document("store", "push", LOCATION)
    assert found["uploaded"] == found["files"] > 200
    return project


@pytest.fixture(scope="module")
def elsewhere(pushed: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with nothing but what it pulled."""
    folder = tmp_path_factory.mktemp("elsewhere")
    project = Project.copy(folder / "project", folder / "cache", **pushed.environment)
    project.document("store", "pull", LOCATION)
    return project


def test_what_was_pulled_composes_the_same_image_offline(pushed: Project, elsewhere: Project) -> None:
    assert elsewhere.image()["digest"] == pushed.image()["digest"]


def test_pushing_again_uploads_nothing(pushed: Project) -> None:
    found = pushed.document("store", "push", LOCATION)
    assert (found["absent"], found["uploaded"]) == ([], 0)


def test_every_object_is_the_file_that_its_name_promises(pushed: Project, bucket: S3Client) -> None:
    pages = bucket.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="airlock/store/")
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    for key in keys[::20]:
        content = bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert hashlib.sha256(content).hexdigest() == key.split("/")[2]


def test_an_altered_object_is_refused_and_nothing_half_written_is_kept(
    elsewhere: Project, bucket: S3Client, tmp_path: Path
) -> None:
    project = Project.copy(tmp_path / "project", tmp_path / "cache", **elsewhere.environment)
    wheel = project.stored("apache-airflow-providers-http")
    key = f"airlock/store/{wheel.parent.name}/{wheel.name}"
    content = bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    bucket.put_object(Bucket=BUCKET, Key=key, Body=content[:-1] + bytes([content[-1] ^ 1]))
    try:
        said = project.refused("store", "pull", LOCATION, code=CorruptError.exit_code)
        assert wheel.name in said
        assert not wheel.exists()
        assert not [path for path in project.cache.rglob("*") if path.name.endswith(".part")]
        bucket.delete_object(Bucket=BUCKET, Key=key)
        said = project.refused("store", "pull", LOCATION, code=FetchError.exit_code)
        assert f"1 of 1 files are not in {LOCATION}" in said
        assert "airlock store push" in said
    finally:
        bucket.put_object(Bucket=BUCKET, Key=key, Body=content)


def test_an_archive_alone_composes_the_same_image(elsewhere: Project, tmp_path: Path) -> None:
    archive = tmp_path / "store.tar"
    digest = elsewhere.run("store", "export", archive).stdout.decode().strip()
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == digest
    project = Project.copy(tmp_path / "project", tmp_path / "cache")
    found = project.document("store", "import", archive)
    assert found["sealed"]
    assert found["added"] == found["files"]
    again = project.run("store", "export", "-").stdout
    assert hashlib.sha256(again).hexdigest() == digest
    shutil.copytree(elsewhere.cache / "cache", project.cache / "cache")  # to compile once is enough
    assert project.image()["digest"] == elsewhere.image()["digest"]


def test_an_endpoint_that_never_answers_is_given_up_within_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        project = Project.copy(
            tmp_path / "project", tmp_path / "cache", **CREDENTIALS, **NO_PROXY, AWS_ENDPOINT_URL=url
        )
        start = time.monotonic()
        said = project.refused("store", "pull", LOCATION, code=AwsError.exit_code)
        assert time.monotonic() - start < 30
    assert url in said
    assert "VPC endpoint" in said


def test_an_endpoint_that_refuses_is_told_within_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    project = Project.copy(
        tmp_path / "project", tmp_path / "cache", **CREDENTIALS, **NO_PROXY, AWS_ENDPOINT_URL=url
    )
    assert url in project.refused("store", "pull", LOCATION, code=AwsError.exit_code)


def test_composing_while_another_process_prunes_makes_the_same_image(
    elsewhere: Project, tmp_path: Path
) -> None:
    calm = reduce(Project.copy(tmp_path / "calm", elsewhere.cache))
    share_store(elsewhere.cache, tmp_path / "cache")
    project = reduce(Project.copy(tmp_path / "project", tmp_path / "cache"))
    with process.start(project.command("image", "--offline", "--json"), env=project.variables()) as composing:
        pruned = 0
        while composing.poll() is None:
            pruned += len(project.document("cache", "prune", "--max-size", "0B")["entries"])
        out, _ = composing.communicate()
    assert json.loads(out)["digest"] == calm.image()["digest"]
    assert pruned > 20
