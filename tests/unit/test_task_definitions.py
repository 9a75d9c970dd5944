"""The examples of infra/dag-releases: ECS takes them, and they say what the bundle and airlock-pull understand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

EXAMPLES = Path(__file__).parents[2] / "infra" / "dag-releases"
BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
DEFINITIONS = ("bundle-from-s3.json", "efs-with-sidecar.json")


def read(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


def location(definition: Any) -> str:
    """Return where the dag-processor of a task definition reads releases."""
    [container] = [one for one in definition["containerDefinitions"] if one["name"] == "dag-processor"]
    variables = {one["name"]: one["value"] for one in container["environment"]}
    [bundle] = json.loads(variables[BUNDLES])
    assert bundle["classpath"] == "airlock_plugins.bundle.ReleaseBundle"
    assert set(bundle["kwargs"]) == {"location"}
    return str(bundle["kwargs"]["location"])


@pytest.mark.parametrize("name", DEFINITIONS)
def test_ecs_registers_the_example_as_it_is(aws: None, name: str) -> None:
    definition = read(name)
    made = boto3.client("ecs").register_task_definition(**definition)["taskDefinition"]
    assert made["family"] == definition["family"]


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_container_has_a_read_only_root_and_is_named_by_digest(name: str) -> None:
    for container in read(name)["containerDefinitions"]:
        assert container["readonlyRootFilesystem"] is True
        assert "@sha256:" in container["image"]
        memory = {one["containerPath"] for one in container["linuxParameters"]["tmpfs"]}
        assert "/tmp" in memory  # noqa: S108 - there


@pytest.mark.parametrize("name", DEFINITIONS)
def test_no_volume_is_one_that_the_images_user_may_not_write(name: str) -> None:
    # Fargate's own are root's, unless the image declares them.
    assert all("efsVolumeConfiguration" in one for one in read(name).get("volumes", []))


def test_both_ways_lead_from_the_same_place_in_s3() -> None:
    direct, efs = (read(name) for name in DEFINITIONS)
    sidecar = next(one for one in efs["containerDefinitions"] if one["name"] == "airlock-pull")
    words = sidecar["command"]
    assert words[words.index("--from") + 1] == location(direct)
    assert words[words.index("--to") + 1] == location(efs)
    volumes = {one["sourceVolume"]: one["containerPath"] for one in sidecar["mountPoints"]}
    assert volumes["dags"] == location(efs)


@pytest.mark.parametrize("name", ["reader-policy.json", "publisher-policy.json"])
def test_policies_reach_one_prefix_of_one_bucket(name: str) -> None:
    for statement in read(name)["Statement"]:
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            assert resource.startswith(("arn:aws:s3:::airflow-dags-123456789012", "arn:aws:kms:"))
        # With a condition on s3:prefix S3 would call what is absent forbidden: GetObject names no prefix.
        assert "Condition" not in statement
