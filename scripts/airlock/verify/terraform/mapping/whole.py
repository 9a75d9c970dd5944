"""The whole inventory of a state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airlock.verify.inventory import Inventory, Unread
from airlock.verify.terraform.mapping import access, databases, kept, network, roles, tasks
from airlock.verify.terraform.mapping.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.verify.inventory import Source
    from airlock.verify.terraform.modules import Modules
    from airlock.verify.terraform.state import Resource

_ELSEWHERE = {  # what is looked up instead of made: only AWS knows how it is
    "aws_vpc": ("vpcs", "gateways", "route_tables"),
    "aws_subnet": ("subnets", "route_tables"),
    "aws_subnets": ("subnets", "route_tables"),
    "aws_route_table": ("route_tables",),
    "aws_route_tables": ("route_tables",),
    "aws_internet_gateway": ("gateways",),
    "aws_nat_gateway": ("gateways",),
    "aws_vpc_endpoint": ("endpoints",),
    "aws_security_group": ("security_groups",),
    "aws_security_groups": ("security_groups",),
    "aws_iam_role": ("roles",),
    "aws_kms_key": ("keys",),
    "aws_ecs_task_definition": ("task_definitions",),
    "aws_db_instance": ("databases",),
    "aws_s3_bucket": ("buckets",),
    "aws_ecr_repository": ("repositories",),
    "aws_efs_file_system": ("file_systems",),
    "terraform_remote_state": ("vpcs", "subnets", "route_tables", "gateways", "endpoints", "security_groups"),
}


def inventory_of(
    resources: Iterable[Resource],
    modules: Modules,
    source: Source,
    region: str,
    unread: Iterable[Unread] = (),
) -> Inventory:
    """Make the inventory of a state's resources; `unread` is what its source could not tell."""
    model = Model(tuple(resources), modules, list(unread))
    made = Inventory(
        source=source,
        region=region,
        account=next((one.text("account_id") for one in model.looked_up("aws_caller_identity")), ""),
        vpcs=tuple(network.vpcs(model)),
        subnets=tuple(network.subnets(model)),
        route_tables=tuple(network.route_tables(model)),
        gateways=tuple(network.gateways(model)),
        public_addresses=tuple(network.public_addresses(model)),
        instances=tuple(network.instances(model)),
        endpoints=tuple(access.endpoints(model)),
        security_groups=tuple(access.security_groups(model)),
        prefix_lists=tuple(access.prefix_lists(model, region)),
        flow_logs=tuple(network.flow_logs(model)),
        load_balancers=tuple(network.load_balancers(model)),
        keys=tuple(kept.keys(model)),
        buckets=tuple(kept.buckets(model)),
        repositories=tuple(kept.repositories(model)),
        file_systems=tuple(kept.file_systems(model)),
        mount_targets=tuple(kept.mount_targets(model)),
        access_points=tuple(kept.access_points(model)),
        databases=tuple(databases.databases(model)),
        caches=tuple(databases.caches(model)),
        queues=tuple(kept.queues(model)),
        secrets=tuple(kept.secrets(model)),
        log_groups=tuple(kept.log_groups(model)),
        roles=tuple(roles.roles(model)),
        clusters=tuple(tasks.clusters(model)),
        services=tuple(tasks.services(model)),
        task_definitions=tuple(tasks.task_definitions(model)),
        analyzers=tuple(roles.analyzers(model)),
    )
    return _with_unread(made, model)


def _with_unread(made: Inventory, model: Model) -> Inventory:
    elsewhere = [
        Unread(kind, f"{one.address} is looked up, not made: only AWS knows how it is")
        for one in model.resources
        if one.data
        for kind in _ELSEWHERE.get(one.type, ())
    ]
    return replace(made, unread=tuple(dict.fromkeys((*model.unread, *elsewhere))))
