"""What the lab's AWS holds when it opens."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from airlock_lab import seed
from airlock_lab.refused import RefusedError
from airlock_lab.seed import Seed
from airlock_spec.lab import LOG_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = Path(__file__).parents[3] / "lab/image/rootfs/opt/lab/seed.toml"


def client(name: str) -> Any:
    return boto3.client(name)  # type: ignore[call-overload]


def planted(document: Mapping[str, Any]) -> None:
    seed.plant(Seed(Path("seed.toml"), document), client)


@pytest.mark.usefixtures("aws")
def test_planting_again_changes_no_secret() -> None:
    wanted = {
        "secrets": {"one": "{random}"},
        "buckets": ["bucket"],
        "log-groups": ["g"],
        "repositories": ["re"],
    }
    planted(wanted)
    first = client("secretsmanager").get_secret_value(SecretId="one")["SecretString"]

    planted(wanted)

    assert client("secretsmanager").get_secret_value(SecretId="one")["SecretString"] == first
    assert len(first) == 32


@pytest.mark.usefixtures("aws")
def test_a_failure_that_does_not_say_that_it_is_there_is_one() -> None:
    with pytest.raises(Exception, match="NoSuchBucket"):
        planted({"objects": {"nowhere": {"key": "text"}}})


@pytest.mark.usefixtures("aws")
def test_the_labs_own_seed_is_what_its_dags_need() -> None:
    seed.plant(seed.read(OURS), client)

    names = [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]
    assert names == ["airlock-lab-data", "airlock-lab-logs", "airlock-lab-outbox"]
    assert client("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == LOG_GROUP
    manager = client("secretsmanager")
    connection = json.loads(manager.get_secret_value(SecretId="airflow/connections/lab_api")["SecretString"])
    assert len(connection["password"]) == 32
    assert manager.get_secret_value(SecretId="airflow-outside/api-token")["SecretString"]


def test_names_of_objects_hold_the_days() -> None:
    wanted = Seed(Path("x"), {"objects": {"b": {"in/{today}.csv": "1", "in/{yesterday}.csv": "2", "x": "3"}}})

    assert [key for _, key, _ in wanted.objects(date(2026, 3, 1))] == [
        "in/2026-03-01.csv",
        "in/2026-02-28.csv",
        "x",
    ]


def test_a_table_becomes_json_each_time_with_another_word() -> None:
    wanted = Seed(Path("x"), {"secrets": {"c": {"conn_type": "http", "password": "{random}"}}})
    ((_, one),), ((_, other),) = wanted.secrets, wanted.secrets

    assert json.loads(one)["conn_type"] == "http"
    assert one != other


@pytest.mark.parametrize(
    ("content", "said"),
    [("buckts = []", "unknown keys buckts; known are"), ("x = ", "cannot be read"), (None, "cannot be read")],
)
def test_a_seed_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "seed.toml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(RefusedError, match=said):
        seed.read(path)
