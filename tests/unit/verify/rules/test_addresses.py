"""Rules on public addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.network import UNKNOWN, Instance, PublicAddress
from airlock.verify.rules import addresses
from airlock.verify.rules.addresses import PublicAddress as NoPublicAddress
from airlock.verify.rules.addresses import PublicSubnet, PublicTasks
from airlock_spec.check.finding import Severity
from verify_inventory import added, changed, clean, found, named
from verify_network import at

if TYPE_CHECKING:
    from airlock.verify.rule import Rule

EIP = PublicAddress(at("aws_eip.nat"), "eipalloc-1", "203.0.113.7", "nat-1")


def scheduler_with(**variables: str) -> Any:
    """Return an inventory whose scheduler has other variables."""
    definition = named("task_definitions", "airflow-scheduler")
    (container,) = definition.containers
    environment = {**container.environment, **variables}
    return changed(
        "task_definitions", "airflow-scheduler", containers=(replace(container, environment=environment),)
    )


@pytest.mark.parametrize("rule", addresses.RULES, ids=lambda rule: rule.code)
def test_a_clean_deployment_has_no_public_addresses(rule: Rule) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize(
    ("holder", "message"),
    [
        ("nat-1", "there is a public address, which nat-1 has"),
        ("", "there is a public address, which nothing has"),
        (UNKNOWN, "there is a public address"),
    ],
)
def test_an_elastic_ip_is_found_with_what_has_it(holder: str, message: str) -> None:
    (one,) = found(NoPublicAddress(), added("public_addresses", replace(EIP, attached_to=holder)))

    assert (one.message, one.evidence) == (message, "public_ip = 203.0.113.7")


def test_an_instances_public_address_is_found_once() -> None:
    instance = Instance(at("aws_instance.bastion"), "i-1", "subnet-a", public_address=True)
    alone = added("instances", instance)
    both = added("public_addresses", replace(EIP, attached_to="i-1"), inventory=alone)

    assert [one.place for one in found(NoPublicAddress(), alone)] == [instance.place]
    assert [one.place for one in found(NoPublicAddress(), both)] == [EIP.place]
    assert not found(NoPublicAddress(), added("instances", replace(instance, public_address=False)))


def test_subnets_of_one_block_that_give_public_addresses_are_one_finding() -> None:
    inventory = clean()
    public = tuple(replace(one, public_addresses=True, ipv6_addresses=True) for one in inventory.subnets)

    (one,) = found(PublicSubnet(), replace(inventory, subnets=public))

    subnets = [f'aws_subnet.private["{one}"]' for one in "abc"]
    assert one.message == f"what starts in {', '.join(subnets)} is given a public address"
    assert one.severity is None


def test_subnets_of_an_account_that_give_public_addresses_are_a_finding_each() -> None:
    inventory = clean()
    public = tuple(
        replace(one, public_addresses=True, place=replace(one.place, path="", line=0))
        for one in inventory.subnets
    )

    assert len(found(PublicSubnet(), replace(inventory, subnets=public))) == 3


def test_addresses_of_ipv6_alone_are_a_warning() -> None:
    (one,) = found(PublicSubnet(), changed("subnets", "subnet-a", ipv6_addresses=True))

    assert one.severity is Severity.WARNING


def test_a_service_whose_tasks_get_public_addresses_is_found() -> None:
    (one,) = found(PublicTasks(), changed("services", "airflow-scheduler", public_address=True))

    assert one.message == "tasks of airflow-scheduler get public addresses"
    assert one.place == at('aws_ecs_service.this["scheduler"]')


@pytest.mark.parametrize("value", ["True", "true"])
def test_the_ecs_executors_tasks_are_found_by_its_settings(value: str) -> None:
    (one,) = found(PublicTasks(), scheduler_with(AIRFLOW__AWS_ECS_EXECUTOR__ASSIGN_PUBLIC_IP=value))

    assert one.message == "tasks of airflow-worker get public addresses"
    assert "[aws_ecs_executor]" in one.evidence
    assert "[aws_ecs_executor]" in one.fix


def test_the_ecs_executors_tasks_are_found_by_its_request() -> None:
    request = (
        '{"networkConfiguration": {"awsvpcConfiguration": '
        '{"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-worker"], "assignPublicIp": "ENABLED"}}}'
    )
    variables = {
        "AIRFLOW__AWS_ECS_EXECUTOR__SUBNETS": "",
        "AIRFLOW__AWS_ECS_EXECUTOR__RUN_TASK_KWARGS": request,
    }

    (one,) = found(PublicTasks(), scheduler_with(**variables))

    assert one.evidence == "[aws_ecs_executor] run_task_kwargs: assignPublicIp is enabled"
    for broken in ("{", "[]", '{"networkConfiguration": {"awsvpcConfiguration": []}}'):
        variables["AIRFLOW__AWS_ECS_EXECUTOR__RUN_TASK_KWARGS"] = broken
        assert not found(PublicTasks(), scheduler_with(**variables))
