"""Clusters, services and task definitions of ECS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airlock.verify import services as run
from airlock.verify.inventory import Unread
from airlock.verify.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.terraform.mapping.model import Model
    from airlock.verify.terraform.state import Resource, Values

_DEFINITION = "aws_ecs_task_definition"
_CLUSTER = "aws_ecs_cluster"


def clusters(model: Model) -> Iterator[run.Cluster]:
    for one in model.of(_CLUSTER):
        session = one.block("configuration").block("execute_command_configuration")
        key = model.encryption(session.text("kms_key_id"), on=True).key
        yield run.Cluster(model.place(one), one.called("name"), key)


def services(model: Model) -> Iterator[run.Service]:
    for one in model.of("aws_ecs_service"):
        network = one.block("network_configuration")
        breaker = one.block("deployment_circuit_breaker")
        cluster = model.named(one.text("cluster"), _CLUSTER)
        subnets = network.texts("subnets")
        yield run.Service(
            model.place(one),
            one.called("name"),
            cluster.called("name") if cluster else one.text("cluster"),
            _definition_id(model, one.text("task_definition")),
            subnets,
            network.texts("security_groups") or model.default_group(model.vpc_of(subnets)),
            public_address=network.flag("assign_public_ip"),
            breaker=breaker.flag("enable"),
            rolls_back=breaker.flag("rollback"),
            exec_enabled=one.flag("enable_execute_command"),
            desired=one.number("desired_count"),
        )


def _definition_id(model: Model, name: str) -> str:
    """Return the ARN of what a service names by ARN, by family, or by family and revision."""
    family, _, revision = name.rpartition(":")
    found = model.named(name, _DEFINITION) or (revision.isdigit() and model.named(family, _DEFINITION))
    return found.called("arn") if found else name


def task_definitions(model: Model) -> Iterator[run.TaskDefinition]:
    for one in model.of(_DEFINITION):
        yield run.TaskDefinition(
            model.place(one),
            one.called("arn"),
            one.called("family"),
            one.text("network_mode"),
            one.text("task_role_arn"),
            one.text("execution_role_arn"),
            tuple(_containers(model, one)),
            tuple(_volume(each) for each in one.blocks("volume")),
        )


def _volume(volume: Values) -> run.Volume:
    efs = volume.block("efs_volume_configuration")
    access = efs.block("authorization_config")
    return run.Volume(
        volume.text("name"),
        efs.text("file_system_id"),
        access.text("access_point_id"),
        efs.flag("transit_encryption"),
        access.flag("iam"),
    )


def _containers(model: Model, definition: Resource) -> Iterator[run.Container]:
    text = definition.text("container_definitions")
    try:
        listed = json.loads(text)
        yield from [_container(_any_case(one)) for one in listed]
    except (ValueError, TypeError, AttributeError):
        cause = "are known after apply" if text == UNKNOWN else "are no containers"
        model.unread.append(
            Unread("task_definitions", f"{definition.address}: its container_definitions {cause}")
        )


def _container(one: Mapping[str, Any]) -> run.Container:
    logging = _any_case(one.get("logconfiguration") or {})
    health = _any_case(one.get("healthcheck") or {})
    return run.Container(
        str(one.get("name", "")),
        str(one.get("image", "")),
        essential=one.get("essential", True) is not False,
        command=_texts(one.get("command")),
        environment=_pairs(one.get("environment"), "value"),
        secrets=_pairs(one.get("secrets"), "valuefrom"),
        health=_texts(health.get("command")),
        read_only=bool(one.get("readonlyrootfilesystem")),
        privileged=bool(one.get("privileged")),
        user=str(one.get("user") or ""),
        log_driver=str(logging.get("logdriver", "")),
        log_options={str(name): str(value) for name, value in (logging.get("options") or {}).items()},
    )


def _any_case(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with its keys in lower case: the provider reads them in any."""
    return {str(key).lower(): value for key, value in found.items()}


def _texts(found: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in found or ())


def _pairs(found: Any, value: str) -> dict[str, str]:
    pairs = [_any_case(one) for one in found or ()]
    return {str(one.get("name", "")): str(one.get(value, "")) for one in pairs}
