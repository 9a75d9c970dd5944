"""infra/values on a server of moto: each secret has its value, and neither state nor plan has one."""

from __future__ import annotations

import base64
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import moto_aws
from project import REPOSITORY
from terraform_runs import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terraform_runs import Terraform

NAMES = ("admin-password", "api-secret-key", "broker-password", "broker-url", "fernet-key", "jwt-key")
GIVEN = {"region": "eu-west-1", "account_id": "123456789012", "broker_host": "broker.example"}


@pytest.fixture
def secrets() -> Iterator[tuple[str, Any]]:
    """A server that holds the secrets that the example makes, without values: its address and its client."""
    with moto_aws.serving() as url:
        client = moto_aws.client("secretsmanager", url)
        for name in NAMES:
            client.create_secret(Name=f"airflow/{name}")
        yield url, client


def values(client: Any) -> dict[str, str]:
    return {name: client.get_secret_value(SecretId=f"airflow/{name}")["SecretString"] for name in NAMES}


def test_values_are_written_once_in_their_forms_and_kept_nowhere_else(
    terraform: Terraform, tmp_path: Path, secrets: tuple[str, Any]
) -> None:
    url, client = secrets
    folder = tmp_path / "values"
    shutil.copytree(
        REPOSITORY / "infra/values", folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*")
    )
    run = Deployment(terraform, folder, url, GIVEN)
    run.init()
    run.apply()

    first = values(client)
    assert run.outputs["written"] == sorted(f"airflow/{name}" for name in NAMES)
    assert len(base64.urlsafe_b64decode(first["fernet-key"])) == 32
    broker = urlsplit(first["broker-url"])
    assert (broker.scheme, broker.hostname, broker.password) == (
        "rediss",
        "broker.example",
        first["broker-password"],
    )
    kept = "".join(path.read_text() for path in folder.glob("*.tfstate*"))
    assert "airflow/fernet-key" in kept
    assert not [name for name, value in first.items() if value in kept]

    run.apply()
    assert values(client) == first
    Deployment(terraform, folder, url, {**GIVEN, "generation": "2"}).apply()
    assert not set(values(client).values()) & set(first.values())
