"""What ECS says of a task that stopped, and what it means where there is no way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airlock.deploy import stopped
from memory_ecs import container, content, task

HERE = "eu-west-1"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp: i/o timeout",
            "S3",
        ),
        (
            "CannotPullContainerError: There is a connection issue between the task and the registry.",
            "ecr.dkr",
        ),
        ("CannotPullContainerError: unexpected status from GET request to x: 403 Forbidden", "starport"),
        ("CannotPullContainerError: host/airflow@sha256:0: not found", "not there"),
        (
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform",
            "processor",
        ),
        ("CannotPullContainerError: write /var/lib: no space left on device", "ephemeralStorage"),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: context deadline",
            "secretsmanager",
        ),
        ("ResourceInitializationError: unable to pull secrets: AccessDeniedException", "kms:Decrypt"),
        (
            "ResourceInitializationError: failed to create Cloudwatch log stream: request canceled",
            "endpoint logs",
        ),
        ("ResourceInitializationError: failed to validate logger args: no log group", "logs:CreateLogStream"),
        ("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes", "2049"),
        ("OutOfMemoryError: Container killed due to memory usage", "memory"),
        ("Task failed ELB health checks in (target-group arn)", "load balancer"),
        ("Task failed container health checks", "airlock-health"),
        ("Timeout waiting for network interface provisioning to complete.", "address"),
    ],
)
def test_a_reason_is_told_with_what_it_means(reason: str, said: str) -> None:
    lines = stopped.why(task("STOPPED", reason=reason), content("api"), HERE)
    assert lines[0] == f"task m1: {reason}"
    assert any(said in line for line in lines[1:])


def test_a_reason_that_nobody_knows_is_told_as_it_is() -> None:
    assert stopped.why(task("STOPPED", reason="A host fell"), content("api"), HERE) == [
        "task m1: A host fell"
    ]


def test_a_containers_own_reason_counts_and_its_exit_code() -> None:
    one = task("STOPPED", 137, reason="Essential container in task exited", said="OutOfMemoryError: killed")
    lines = stopped.why(one, content("api"), HERE)
    assert lines[1] == (
        "  airflow: exit code 137: killed: out of memory, or it did not stop in time: OutOfMemoryError: killed"
    )
    assert lines[2] == "  it wanted more memory than the task definition gives it"
    assert lines[3].startswith("  aws logs tail /airflow")


def test_only_a_code_is_told_where_there_is_no_reason() -> None:
    one = replace(task("STOPPED"), code="UserInitiated")
    assert stopped.why(one, content("api"), HERE) == ["task m1: UserInitiated"]


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({}, ""),
        ({"logDriver": "awsfirelens"}, "its log: by awsfirelens"),
        ({"logDriver": "awslogs", "options": {}}, "its log: by awslogs"),
        (
            {"logDriver": "awslogs", "options": {"awslogs-group": "my group"}},
            "aws logs tail 'my group' --since 1h --region eu-west-1",
        ),
    ],
)
def test_a_log_is_where_the_definition_sends_it(settings: dict[str, Any], command: str) -> None:
    made = content("api", container(logConfiguration=settings))
    assert stopped.logs(made, "t", "airflow", HERE) == command
    assert stopped.logs(made, "t", "another", HERE) == ""
