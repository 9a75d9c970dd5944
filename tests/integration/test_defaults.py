"""The image's defaults for a network with no way out, in a real engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from services import Services

if TYPE_CHECKING:
    from containers import Engine, Image

pytestmark = [pytest.mark.real, pytest.mark.docker]

READ = """
import json, sys
from airflow.configuration import conf
print(json.dumps(conf.get(*sys.argv[1:])))
"""
BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"


def test_aws_is_reached_by_regional_names_and_given_up_in_seconds(
    engine: Engine, image: Image, lab_image: str
) -> None:
    with Services(engine.program, image.reference, lab_image) as services:
        silent = f"secretsmanager.us-east-1.amazonaws.com:{services.unused_address()}"
        found = services.inside("defaults.py", options=("--add-host", silent))

    assert 1 < found["silent_seconds"] < 20  # botocore's own defaults: 180 s or more
    assert found["sts"] == "https://sts.eu-west-1.amazonaws.com"
    assert found["s3"] == "https://s3.us-east-1.amazonaws.com"
    assert found["aws_default"] == ["aws", None]


@pytest.mark.parametrize(
    ("section", "key", "default", "other"),
    [
        ("core", "hostname_callable", "socket.gethostname", "socket.getfqdn"),
        ("dag_processor", "refresh_interval", "5", "60"),
        ("secrets", "backend", BACKEND, ""),
        ("logging", "remote_log_conn_id", "aws_default", "mine"),
    ],
)
def test_a_variable_overrides_a_default(
    image: Image, section: str, key: str, default: str, other: str
) -> None:
    variable = f"AIRFLOW__{section.upper()}__{key.upper()}"
    read = ("python", "-c", READ, section, key)

    assert json.loads(image.text(*read)) == default
    assert json.loads(image.with_options("--env", f"{variable}={other}").text(*read)) == other
