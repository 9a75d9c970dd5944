"""All that stands in the way of a deployment is found before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airlock.deploy import plan, revision
from airlock.deploy.plan import Wanted
from airlock.errors import AwsError, DeployError
from memory_ecs import (
    IMAGE,
    NEW,
    OLD,
    REPOSITORY,
    MemoryCluster,
    container,
    content,
    definition_arn,
    deployment,
    refusal,
)

BOTH = Wanted(("api", "scheduler"), "api")
ALONE = Wanted(("api",), "")


def refused(cluster: MemoryCluster, wanted: Wanted = ALONE, **found: Any) -> str:
    with pytest.raises(DeployError, match="not begun") as caught:
        plan.make(cluster, replace(IMAGE, **found), wanted)
    assert cluster.log == []
    return caught.value.cause


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("host:5000/a/b:tag", "host:5000/a/b"),
        ("host:5000/a/b", "host:5000/a/b"),
        ("host/a@sha256:0", "host/a"),
        ("host/a:tag@sha256:0", "host/a"),
        ("busybox", "busybox"),
        ("busybox:1", "busybox"),
    ],
)
def test_an_image_is_known_by_its_repository(image: str, repository: str) -> None:
    assert revision.repository_of(image) == repository


def test_all_is_as_it_was_but_the_image_of_our_containers() -> None:
    sidecar = container("otel", "host/otel:1", memory=64)
    cluster = MemoryCluster().add("api", container(image=f"{REPOSITORY}:3.3.2", cpu=7), sidecar)
    given = cluster.definitions[definition_arn("api", 1)]
    given |= {"cpu": "256", "tags": [{"key": "team", "value": "data"}]}
    (change,) = plan.make(cluster, IMAGE, ALONE).changes
    assert change.content == {**given, "containerDefinitions": [container(image=NEW, cpu=7), sidecar]}
    assert [(one.container, one.changes) for one in change.moves] == [("airflow", True), ("otel", False)]


def test_what_runs_the_image_already_is_left_alone() -> None:
    made = plan.make(MemoryCluster().add("api", container(image=NEW)).add("scheduler"), IMAGE, BOTH)
    assert [one.content is None for one in made.changes] == [True, False]
    assert not made.is_done
    assert plan.make(MemoryCluster().add("api", container(image=NEW)), IMAGE, ALONE).is_done


def test_a_revision_that_is_there_is_not_registered_again() -> None:
    cluster = MemoryCluster().add("api")
    cluster.definitions[definition_arn("api", 2)] = content("api", container(image=NEW))
    (change,) = plan.make(cluster, IMAGE, ALONE).changes
    assert change.registered == definition_arn("api", 2)


def test_a_newer_revision_with_other_changes_is_told() -> None:
    cluster = MemoryCluster().add("api")
    cluster.definitions[definition_arn("api", 2)] = content("api", container(cpu=9))
    (change,) = plan.make(cluster, IMAGE, ALONE).changes
    assert (change.registered, change.newer) == ("", "api:2")


def test_a_family_without_an_active_revision_is_no_hindrance() -> None:
    cluster = MemoryCluster().add("api")
    cluster.failures["definition"] = [None, refusal("ClientException")]
    assert plan.make(cluster, IMAGE, ALONE).changes[0].newer == ""
    cluster.failures["definition"] = [None, refusal("AccessDeniedException")]
    with pytest.raises(AwsError):
        plan.make(cluster, IMAGE, ALONE)


def test_all_problems_are_told_at_once() -> None:
    cluster = MemoryCluster()
    cluster.add("drains", status="DRAINING").add("blue", controller="CODE_DEPLOY")
    cluster.add("other", container("web", "host/web:1"))
    cluster.add("moving", deployments=(deployment(definition_arn("moving", 1), "IN_PROGRESS"),))
    cluster.running_tasks = ["arn/m7"]
    cause = refused(cluster, Wanted(("gone", "drains", "blue", "other", "moving"), "moving"))
    assert cause.splitlines() == [
        "gone: there is no such service in cluster prod",
        "drains: it is DRAINING",
        "blue: CODE_DEPLOY deploys it, not ECS",
        f"other: no container runs {REPOSITORY}, but host/web:1",
        "moving: another deployment of it is going on; wait for its end, or take it over with --force",
        "a migration runs: task m7; wait for its end, or begin all the same with --force",
    ]


def test_a_service_is_not_named_by_its_arn() -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/api"
    cause = refused(MemoryCluster().add("api"), Wanted((arn,), ""))
    assert cause == f"{arn}: name the service as its cluster does, without the rest of its ARN: api"


def test_a_cluster_that_is_not_there_is_told() -> None:
    cluster = MemoryCluster(failures={"services": [refusal("ClusterNotFoundException")]})
    with pytest.raises(DeployError, match="no cluster prod"):
        plan.make(cluster, IMAGE, ALONE)
    cluster.failures["services"] = [refusal("AccessDeniedException")]
    with pytest.raises(AwsError, match="cannot do it"):
        plan.make(cluster, IMAGE, ALONE)


def test_another_deployment_is_taken_over_with_force() -> None:
    cluster = MemoryCluster(running_tasks=["arn/m7"])
    cluster.add("api", deployments=(deployment(definition_arn("api", 1), "IN_PROGRESS"),))
    made = plan.make(cluster, IMAGE, Wanted(("api",), "api", force=True))
    assert made.changes[0].content is not None
    assert made.migration is not None


def test_a_deployment_of_this_very_image_is_waited_for() -> None:
    cluster = MemoryCluster().add("api", container(image=NEW))
    cluster.set("api", deployment(definition_arn("api", 1), "IN_PROGRESS", running=0))
    assert not plan.make(cluster, IMAGE, ALONE).is_done


def test_without_a_state_a_second_deployment_is_one_that_goes_on() -> None:
    former = replace(deployment(definition_arn("api", 1), ""), is_primary=False)
    cluster = MemoryCluster().add("api", deployments=(deployment(definition_arn("api", 1), ""), former))
    assert "another deployment" in refused(cluster)


@pytest.mark.parametrize(
    ("platform", "held", "fits"),
    [
        ({}, {"linux/amd64"}, True),
        ({"cpuArchitecture": "X86_64"}, {"linux/amd64"}, True),
        ({"cpuArchitecture": "ARM64"}, {"linux/amd64"}, False),
        ({"cpuArchitecture": "ARM64"}, {"linux/amd64", "linux/arm64"}, True),
        ({"cpuArchitecture": "ARM64"}, set(), True),
    ],
)
def test_an_image_for_another_processor_is_refused(
    platform: dict[str, str], held: set[str], *, fits: bool
) -> None:
    cluster = MemoryCluster().add("api")
    cluster.definitions[definition_arn("api", 1)]["runtimePlatform"] = platform
    if fits:
        plan.make(cluster, replace(IMAGE, platforms=frozenset(held)), ALONE)
    else:
        cause = refused(cluster, platforms=frozenset(held))
        assert cause == "api: its tasks run on linux/arm64, and the image is for linux/amd64"


def test_the_migration_runs_in_one_container_and_others_of_the_image_idle() -> None:
    init = container("init", essential=False)
    cluster = MemoryCluster().add("api", init, container("web"), container("otel", "host/otel:1"))
    migration = plan.make(cluster, IMAGE, Wanted(("api",), "api")).migration
    assert migration is not None
    assert migration.commands == {"init": ("sleep", "infinity"), "web": ("airflow", "db", "migrate")}
    assert migration.container == "web"


def test_the_migration_is_not_in_a_container_that_waits_for_an_idle_one() -> None:
    waits = [{"containerName": "init", "condition": "SUCCESS"}]
    cluster = MemoryCluster().add(
        "api", container("init", essential=False), container("web", dependsOn=waits)
    )
    migration = plan.make(cluster, IMAGE, Wanted(("api",), "api")).migration
    assert migration is not None
    assert migration.container == "init"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"entryPoint": ["sh", "-c"]}, "entryPoint of its own"),
        ({"dependsOn": [{"containerName": "airflow", "condition": "HEALTHY"}]}, "each container waits"),
    ],
)
def test_a_definition_that_cannot_migrate_is_refused(more: dict[str, Any], said: str) -> None:
    cluster = MemoryCluster().add("api", container(**more))
    assert said in refused(cluster, Wanted(("api",), "api"))


def test_a_container_that_cannot_idle_is_no_company_for_the_migration() -> None:
    cluster = MemoryCluster().add("api", container(), container("worker", entryPoint=["airflow"]))
    assert "worker has an entryPoint of its own" in refused(cluster, Wanted(("api",), "api"))


def test_the_images_own_entrypoint_may_be_written_out() -> None:
    words = ["/usr/bin/dumb-init", "--", "/entrypoint"]
    cluster = MemoryCluster().add("api", container(entryPoint=words))
    assert plan.make(cluster, IMAGE, Wanted(("api",), "api")).migration is not None


def test_a_volume_that_is_made_for_each_task_is_no_place_for_the_migration() -> None:
    cluster = MemoryCluster().add("api")
    cluster.definitions[definition_arn("api", 1)]["volumes"] = [{"name": "v", "configuredAtLaunch": True}]
    assert "made for each task" in refused(cluster, Wanted(("api",), "api"))
    plan.make(cluster, IMAGE, ALONE)


def test_where_nothing_changes_nothing_is_migrated() -> None:
    cluster = MemoryCluster().add("api", container(image=NEW)).add("scheduler", container(image=OLD))
    assert plan.make(cluster, IMAGE, Wanted(("api",), "scheduler")).migration is None
