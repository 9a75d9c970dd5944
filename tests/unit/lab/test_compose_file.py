"""What the compose file promises of every container."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from airlock_lab.seed import read
from airlock_spec.endpoints import ADR_001

LAB = Path(__file__).parents[3] / "lab"
TEXT = (LAB / "compose.yaml").read_text()
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = FILE["services"]
AIRFLOW = ("migrate", "api-server", "scheduler", "dag-processor", "triggerer", "worker")
EACH = pytest.mark.parametrize("name", SERVICES)


@EACH
def test_every_container_has_a_read_only_root_no_capabilities_and_a_limit(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["deploy"]["resources"]["limits"]["memory"]


@EACH
def test_no_image_is_ever_pulled(name: str) -> None:
    assert SERVICES[name]["pull_policy"] == "never"


@EACH
def test_every_container_that_stays_says_whether_it_is_healthy(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) == (name != "migrate")


@pytest.mark.parametrize("name", AIRFLOW[1:])
def test_health_is_asked_for_as_in_a_task_definition(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "airlock-health", name]


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_stands_in_the_network_without_a_way_out_alone(name: str) -> None:
    assert SERVICES[name]["networks"] == ["inside"]
    assert FILE["networks"]["inside"]["internal"] is True


def test_only_the_ui_is_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(published) == ["ui"]
    assert published["ui"][0].startswith("127.0.0.1:")


def test_the_networks_that_are_not_internal_have_no_way_out_either() -> None:
    others = [one for one in FILE["networks"].values() if not one.get("internal")]

    assert [one["driver_opts"]["com.docker.network.bridge.enable_ip_masquerade"] for one in others] == [
        "false"
    ]


def test_where_docker_would_ask_this_machines_resolver_it_asks_nobody() -> None:
    internal = {name for name, network in FILE["networks"].items() if network.get("internal")}
    others = {name for name, service in SERVICES.items() if not set(service["networks"]) <= internal}

    assert others == {"ui"}
    assert SERVICES["ui"]["dns"] == ["127.0.0.1"]


def test_aws_answers_to_every_endpoint_and_to_the_seeds_buckets() -> None:
    aliases = SERVICES["aws"]["networks"]["inside"]["aliases"]
    wanted = {one.at("us-east-1", account) for one in ADR_001 for account in ("000000000000", "123456789012")}
    wanted |= {
        f"{bucket}.s3.us-east-1.amazonaws.com"
        for bucket in read(LAB / "image/rootfs/opt/lab/seed.toml").list("buckets")
    }

    assert wanted - set(aliases) == set()


def test_no_secret_has_a_value_in_the_file() -> None:
    secrets = re.findall(r"(\w*(?:PASSWORD|SECRET|KEY)\w*): (.*)", TEXT)

    assert len(secrets) > 6
    for name, value in secrets:
        assert name.startswith("AWS_") or "${LAB_" in value, name  # the lab's AWS asks nobody who he is
        assert ":-" not in value


def test_the_services_of_airflow_start_when_the_database_is_migrated() -> None:
    for name in AIRFLOW[1:]:
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_a_worker_has_time_to_finish_its_task() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "2m"


def test_without_celery_neither_broker_nor_worker_is_there() -> None:
    assert [name for name, service in SERVICES.items() if service.get("profiles") == ["celery"]] == [
        "valkey",
        "worker",
    ]
    assert SERVICES["migrate"]["depends_on"]["valkey"]["required"] is False


def test_the_partner_cannot_be_reached_from_where_airflow_is() -> None:
    assert list(SERVICES["api"]["networks"]) == ["world"]
    assert FILE["networks"]["world"]["internal"] is True
