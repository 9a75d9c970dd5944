"""Hosts outside AWS: of providers, libraries and URLs, and whether a network reaches them."""

from __future__ import annotations

import pytest

from airlock_spec.configured import hosts
from airlock_spec.outside import PROVIDERS, allowed, host_of_library, host_of_module, is_public, public_host


@pytest.mark.parametrize(
    ("module", "host"),
    [
        ("airflow.providers.slack.operators.slack", "slack.com"),
        ("airflow.providers.slack.hooks.slack_webhook", "hooks.slack.com"),
        ("airflow.providers.microsoft.azure.hooks.wasb", "*.blob.core.windows.net"),
        ("airflow.providers.microsoft.azure.operators.data_factory", "management.azure.com"),
        ("airflow.providers.google.cloud.hooks.gcs", "*.googleapis.com"),
        ("airflow.providers.google.leveldb.hooks.leveldb", ""),
        ("airflow.providers.postgres.hooks.postgres", ""),
        ("airflow.providers.slackish.hooks", ""),
        ("", ""),
    ],
)
def test_a_provider_of_a_service_outside_has_a_host(module: str, host: str) -> None:
    assert host_of_module(module) == host


@pytest.mark.parametrize(
    "provider", ["http", "ssh", "sftp", "postgres", "mysql", "apache.kafka", "trino", "hashicorp"]
)
def test_what_may_stand_in_the_vpc_has_none(provider: str) -> None:
    assert not any(begin.startswith(f"airflow.providers.{provider}.") for begin in PROVIDERS)


def test_a_library_is_known_by_what_is_called() -> None:
    assert host_of_library("slack_sdk.web.client.WebClient") == "slack.com"
    assert host_of_library("slack_sdk.errors.SlackApiError") == ""
    assert host_of_library("google.cloud.storage.client.Client") == "*.googleapis.com"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.partner.com/v1", "api.partner.com"),
        ("HTTP://API.partner.com:8080", "api.partner.com"),
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://10.0.0.1/", ""),
        ("https://{{ var.value.host }}/v1", ""),
        ("https://warehouse.internal/", ""),
        ("https://warehouse/", ""),
        ("https://db.abc.eu-west-1.rds.amazonaws.com/", ""),
        ("/v1/orders", ""),
        ("s3://bucket/key", ""),
        ("https://[broken", ""),
    ],
)
def test_a_url_names_a_public_host_or_none(url: str, host: str) -> None:
    assert public_host(url) == host


def test_addresses_that_only_a_private_network_routes_are_not_public() -> None:
    assert [is_public(one) for one in ("8.8.8.8", "127.0.0.1", "fd00::1", "2600:1f18::1")] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("host", "patterns", "reached"),
    [
        ("slack.com", ("slack.com",), True),
        ("api.partner.com", ("*.partner.com",), True),
        ("*.snowflakecomputing.com", ("*.privatelink.snowflakecomputing.com",), True),
        ("*.snowflakecomputing.com", ("abc.snowflakecomputing.com",), True),
        ("slack.com", ("*.slack.com", "hooks.slack.com"), False),
        ("slack.com", (), False),
    ],
)
def test_a_host_is_reached_where_a_pattern_holds(host: str, patterns: tuple[str, ...], reached: bool) -> None:  # noqa: FBT001
    assert allowed(host, patterns) is reached


def test_logs_and_secrets_may_be_outside() -> None:
    settings = {
        ("logging", "remote_logging"): "True",
        ("logging", "remote_base_log_folder"): "gs://bucket/logs",
        ("secrets", "backend"): "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
    }

    assert hosts(lambda section, key: settings.get((section, key), "")) == {
        "*.googleapis.com": "[logging] remote_base_log_folder",
        "management.azure.com": "[secrets] backend",
    }
    settings[("logging", "remote_base_log_folder")] = "s3://bucket/logs"
    settings[("secrets", "backend")] = (
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    )
    assert hosts(lambda section, key: settings.get((section, key), "")) == {}
