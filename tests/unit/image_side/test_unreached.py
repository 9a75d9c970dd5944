"""Which endpoint a task lacked, told from its error."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from airlock_plugins import unreached
from airlock_spec.unreached import advice, endpoint_name, unanswered

SQS = "https://sqs.eu-west-1.amazonaws.com/"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("sqs.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.sqs"),
        ("bucket.s3.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.s3"),
        ("s3.amazonaws.com", "com.amazonaws.us-east-1.s3"),
        ("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "com.amazonaws.us-gov-west-1.ecr.dkr"),
        ("api.ecr.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.ecr.api"),
        ("iam.amazonaws.com", "com.amazonaws.iam"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn.com.amazonaws.cn-north-1.sqs"),
        ("example.com", ""),
    ],
)
def test_a_hosts_endpoint_has_a_full_name(host: str, name: str) -> None:
    assert endpoint_name(host) == name


@pytest.mark.parametrize("kind", [ConnectTimeoutError, EndpointConnectionError])
def test_what_botocore_says_of_silence_names_the_host(kind: type[Exception]) -> None:
    assert list(unanswered(str(kind(endpoint_url=SQS)))) == ["sqs.eu-west-1.amazonaws.com"]  # type: ignore[call-arg]


def test_who_answered_and_was_slow_has_an_endpoint() -> None:
    assert list(unanswered(str(ReadTimeoutError(endpoint_url=SQS)))) == []


def test_the_error_at_the_root_is_found_below_others() -> None:
    error = ValueError("the work failed")
    error.__cause__ = ConnectTimeoutError(endpoint_url=SQS)

    found = unreached.said(error)

    assert found == [advice("sqs.eu-west-1.amazonaws.com")]
    assert "com.amazonaws.eu-west-1.sqs" in found[0]


def test_an_error_as_text_is_read_too() -> None:
    assert unreached.said(f'Connect timeout on endpoint URL: "{SQS}"') == [
        advice("sqs.eu-west-1.amazonaws.com")
    ]


@pytest.mark.parametrize(
    "error", [None, "", ValueError("no"), 'Connect timeout on endpoint URL: "https://example.com/"']
)
def test_other_errors_are_left_alone(error: BaseException | str | None) -> None:
    assert unreached.said(error) == []


class AirflowNotFoundException(Exception):  # noqa: N818 - Airflow's name
    """As Airflow raises it where no backend had the connection."""


def backend(section: str, key: str) -> str:
    name = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    return name if (section, key) == ("secrets", "backend") else ""


@pytest.mark.parametrize("silent", [True, False])
def test_a_connection_that_is_not_found_is_the_endpoints_fault_where_that_is_silent(
    monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setattr(unreached, "option", backend)
    monkeypatch.setattr(unreached, "accepts", lambda _: not silent)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    found = unreached.said(AirflowNotFoundException("The conn_id `lab_api` isn't defined"))

    assert found == ([advice("secretsmanager.eu-west-1.amazonaws.com")] if silent else [])


def test_hooks_of_airflow_give_up_as_early_as_boto3_does() -> None:
    import json  # noqa: PLC0415
    import tomllib  # noqa: PLC0415

    env = tomllib.loads((Path(__file__).parents[3] / "image/image.toml").read_text())["config"]["env"]

    extra = json.loads(env["AIRFLOW_CONN_AWS_DEFAULT"])["extra"]
    assert extra == {"config_kwargs": {"connect_timeout": 1.1}}
    assert env["AWS_DEFAULTS_MODE"] == "in-region"
