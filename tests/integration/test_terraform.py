"""infra/example by Terraform itself: without a network, and made and deleted on a server of moto."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import moto_aws
import terraform_runs
from project import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from terraform_runs import Deployment, Terraform

# What a second plan would change though nothing changed: it is moto's doing.
OF_MOTO = {
    ("aws_db_instance", "performance_insights_enabled"): "is not kept",
    ("aws_db_instance", "performance_insights_kms_key_id"): "as above",
    ("aws_db_instance", "performance_insights_retention_period"): "as above",
    ("aws_db_parameter_group", "parameter"): "DescribeDBParameters answers with none",
    ("aws_ecs_service", "availability_zone_rebalancing"): "is not kept",
    ("aws_ecs_service", "enable_ecs_managed_tags"): "is not kept",
    ("aws_vpc_security_group_egress_rule", "description"): "DescribeSecurityGroupRules leaves it out",
    ("aws_vpc_security_group_ingress_rule", "description"): "as of egress",
}


def test_the_example_is_initialised_validated_and_tested_without_a_network(
    terraform: Terraform, tmp_path: Path
) -> None:
    example = terraform_runs.copy(terraform, tmp_path)
    example.init(offline=True)
    example.must("validate", offline=True)
    done = example.must("test", offline=True)
    assert b", 0 failed" in done.stdout


def test_the_values_of_secrets_are_validated_without_a_network(terraform: Terraform, tmp_path: Path) -> None:
    example = terraform_runs.copy(terraform, tmp_path)
    values = replace(example, folder=example.folder.parent / "values")
    values.init(offline=True)
    values.must("validate", offline=True)


def test_all_terraform_is_formatted(terraform: Terraform) -> None:
    done = terraform.run(REPOSITORY / "infra", "fmt", "-check", "-recursive")
    assert not done.returncode, done.stdout.decode()


def test_a_second_plan_changes_only_what_moto_answers_otherwise(applied_example: Deployment) -> None:
    """Both ways: what is listed and does not differ any more is no longer moto's."""
    assert set(applied_example.differences()) == set(OF_MOTO)


def test_nothing_is_left_of_the_example_when_it_is_destroyed(terraform: Terraform, tmp_path: Path) -> None:
    with moto_aws.serving() as url:
        before = moto_aws.kept(url)
        example = terraform_runs.copy(terraform, tmp_path, url, **terraform_runs.WHOLE)
        example.init()
        example.apply()
        made = moto_aws.kept(url) - before
        assert len(made) > len(example.outputs["endpoint_ids"])
        example.destroy()
        assert moto_aws.kept(url) == before
