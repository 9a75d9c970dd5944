"""What the stage is told, and what a task finds in its environment."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from airlock import process
from airlock.errors import LabError, SandboxError
from airlock.lab import role, stage, starting, wire
from airlock.lab.plan import Plan, Tree
from airlock.lab.stage import environment
from airlock.lab.vpc import ROUTER, TASK, Vpc
from airlock.lab.wire import Tools

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("image", [None, Tree("/build/image", "/trees/2")])
def test_a_plan_is_read_as_it_was_written(image: Tree | None) -> None:
    plan = Plan(
        folder="/cache/lab",
        region="us-east-1",
        services=("s3", "logs"),
        lab=Tree("/lab/build/image", "/trees/1"),
        image=image,
        command=("airflow", "version"),
        env={"A": "b"},
        binds=(("/dags", "/opt/airflow/dags"),),
        owner=(1000, 1000),
        outside=True,
    )

    assert Plan.read(plan.text()) == plan


def test_what_a_task_is_told_of_leads_to_what_answers_there() -> None:
    found = environment("/run/airlock/ca.pem")
    paths = role.documents("secret", NOW)

    assert found["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] in paths
    assert found["ECS_CONTAINER_METADATA_URI_V4"].removeprefix("http://169.254.170.2") in paths
    assert found["AWS_CA_BUNDLE"] == "/run/airlock/ca.pem"
    assert "AWS_ACCESS_KEY_ID" not in found


def test_credentials_are_as_the_sdks_want_them() -> None:
    found = role.documents("secret", NOW)[environment("")["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]]

    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "RoleArn"} == found.keys()
    assert found["Expiration"] == "2026-01-01T06:00:00Z"


def test_the_tasks_have_one_way_and_it_ends_in_a_black_hole() -> None:
    assert [line for line in wire._far() if line.startswith("route")] == [
        f"route add {ROUTER}/32 dev eth0",
        f"route add default via {ROUTER}",
    ]
    near = list(wire._near(Vpc("us-east-1", ("s3",))))
    assert [line for line in near if line.startswith("route")] == [
        f"route add {TASK}/32 dev vpc",
        "route add blackhole default",
    ]
    assert "address add 198.51.100.10/32 dev vpc" in near


def test_a_tool_that_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find", lambda name: None if name == "ip" else f"/usr/bin/{name}")

    with pytest.raises(LabError) as caught:
        Tools.found()

    assert (caught.value.cause, caught.value.remedy) == ("ip not found", "apt install iproute2")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("", LabError),
        ('{"kind": "SandboxError", "fact": "f", "cause": "c", "remedy": "r"}', SandboxError),
        ('{"kind": "LabError", "fact": "f", "cause": "c", "remedy": "r"}', LabError),
    ],
)
def test_what_the_stage_fails_with_is_raised_here(line: str, kind: type[Any]) -> None:
    with pytest.raises(kind):
        starting._said(io.StringIO(line))


def test_a_program_of_this_machine_has_no_keys_and_no_proxy_of_its_own() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_PROFILE": "p",
        "HTTPS_PROXY": "h",
        "no_proxy": "n",
        "PATH": "/bin",
    }

    assert stage.unlinked(environ) == {"PATH": "/bin"}
