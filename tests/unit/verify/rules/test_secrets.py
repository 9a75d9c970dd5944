"""Rules on secrets of tasks."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from airlock.verify.inventory import Source
from airlock.verify.network import UNKNOWN
from airlock.verify.rules.secrets import PlainSecret, UnknownSecret
from airlock_spec.check.finding import Severity
from verify_inventory import changed, clean, found, without
from verify_network import ACCOUNT, REGION
from verify_services import SECRET
from verify_spoiled import unread, with_container

HIDDEN = "hunter2hunter2"
SQL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SOME = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (SQL, f"postgresql+psycopg2://airflow:{HIDDEN}@db.internal/airflow"),
        ("AIRFLOW__CELERY__BROKER_URL", f"rediss://:{HIDDEN}@cache.internal:6379/0"),
        ("AIRFLOW__CORE__FERNET_KEY", HIDDEN),
        ("AIRFLOW__API_AUTH__JWT_SECRET", HIDDEN),
        ("AIRFLOW__API__SECRET_KEY", HIDDEN),
        ("AIRFLOW__SMTP__SMTP_PASSWORD", HIDDEN),
        ("SLACK_TOKEN", HIDDEN),
        ("DB_PASSWORD", HIDDEN),
        ("github_api_key", HIDDEN),
        ("AWS_SECRET_ACCESS_KEY", HIDDEN),
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("HOME_PAGE", f"https://me:{HIDDEN}@example.com/"),
        ("CERT", f"-----BEGIN RSA PRIVATE KEY-----\n{HIDDEN}"),
        ("AIRFLOW_CONN_DB", json.dumps({"conn_type": "postgres", "password": HIDDEN})),
        ("AIRFLOW_CONN_API", json.dumps({"conn_type": "http", "extra": {"auth_token": HIDDEN}})),
        ("AIRFLOW_CONN_API", json.dumps({"conn_type": "http", "extra": json.dumps({"api_key": HIDDEN})})),
        ("AIRFLOW__CORE__FERNET_KEY", UNKNOWN),
    ],
)
def test_a_secret_in_a_variable_is_found_by_name_and_its_value_is_not_shown(name: str, value: str) -> None:
    (one,) = found(PlainSecret(), with_container("airflow-worker", environment={name: value}))

    assert name in one.message
    assert HIDDEN not in repr(one)
    assert KEY_ID not in repr(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (SQL, "postgresql+psycopg2://airflow@db.internal/airflow"),
        (SQL, UNKNOWN),
        (f"{SQL}_SECRET", "airflow/database"),
        ("AIRFLOW__CORE__FERNET_KEY_CMD", "cat /run/secrets/fernet"),
        ("AIRFLOW__CORE__FERNET_KEY", ""),
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", '{"connections_prefix": "airflow/connections"}'),
        ("AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH", "/run/secrets/jwt"),
        ("AIRFLOW__CELERY__BROKER_URL", "sqs://"),
        ("AIRFLOW__API__BASE_URL", "http://api-server.airflow.internal:8080"),
        ("AIRFLOW_CONN_AWS_DEFAULT", "aws://"),
        (
            "AIRFLOW_CONN_AWS_DEFAULT",
            json.dumps({"conn_type": "aws", "extra": {"role_arn": "arn:aws:iam::1:role/x"}}),
        ),
        ("DB_PASSWORD", f"{SOME}:airflow/db-AbCdEf"),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("TOKEN_TTL", "3600"),
        ("MAX_TOKEN", "3600"),
        ("URL", "postgresql://airflow:$PASSWORD@db/airflow"),
        ("SECRETS_PREFIX", "airflow/connections"),
    ],
)
def test_what_names_a_secret_or_is_none_is_not_found(name: str, value: str) -> None:
    assert not found(PlainSecret(), with_container("airflow-worker", environment={name: value}))


def test_a_password_in_an_argument_is_found_and_not_shown() -> None:
    command = ("bash", "-c", f"psql postgresql://airflow:{HIDDEN}@db/airflow")

    (one,) = found(PlainSecret(), with_container("airflow-worker", command=command))

    assert "command[2]" in one.message
    assert HIDDEN not in repr(one)


def test_a_secret_of_all_tasks_of_one_block_is_one_finding() -> None:
    values = {"AIRFLOW__CORE__FERNET_KEY": HIDDEN}
    inventory = with_container("airflow-worker", environment=values)

    (one,) = found(PlainSecret(), with_container("airflow-scheduler", inventory, environment=values))

    assert one.message.endswith("airflow-scheduler/scheduler, airflow-worker/worker")


def test_a_secret_that_nothing_makes_is_one_finding_for_all_its_users() -> None:
    inventory = without("secrets", SECRET)

    (one,) = found(UnknownSecret(), inventory)

    assert one.evidence == f"valueFrom: {SECRET}"
    assert one.severity is None
    assert [each.severity for each in found(UnknownSecret(), replace(inventory, source=Source.AWS))] == [
        Severity.ERROR
    ]


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"{SECRET}:password::",
        f"{SECRET.removesuffix('-AbCdEf')}:password:AWSCURRENT:",
        UNKNOWN,
        f"{UNKNOWN}:password::",
        f"{SOME}:rds!db-1234-AbCdEf:password::",
        f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/airflow/fernet",
        "/airflow/fernet",
    ],
)
def test_a_secret_that_is_there_or_is_none_of_secrets_manager_is_not_missed(value: str) -> None:
    assert not found(UnknownSecret(), with_container("airflow-worker", secrets={SQL: value}))


@pytest.mark.parametrize("value", [f"{SOME}:airflow/other-AbCdEf", f"{SOME}:airflow/databas"])
def test_a_name_that_is_only_like_it_is_another_secret(value: str) -> None:
    assert len(found(UnknownSecret(), with_container("airflow-worker", secrets={SQL: value}))) == 1


def test_where_secrets_could_not_be_read_none_is_missed() -> None:
    assert not found(UnknownSecret(), unread("secrets"))
    assert not found(UnknownSecret(), changed("secrets", SECRET, arn=UNKNOWN))


@pytest.mark.parametrize("rule", [PlainSecret(), UnknownSecret()], ids=lambda rule: rule.code)
def test_a_clean_deployment_has_its_secrets_in_secrets_manager(rule: PlainSecret | UnknownSecret) -> None:
    assert not found(rule, clean())
