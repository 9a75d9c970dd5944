"""Plans as `terraform show -json` writes them, shortened to what is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airlock.errors import TerraformError
from airlock.verify.inventory import Source
from airlock.verify.network import UNKNOWN, Peer, Target
from airlock.verify.terraform.plan import Plan
from airlock.verify.terraform.references import References
from terraform_states import resource

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.verify.inventory import Inventory


def refers(*names: str) -> dict[str, list[str]]:
    """Return an expression that refers to something; a plan lists what it is an attribute of, too."""
    return {"references": [*names, *(name.rpartition(".")[0] for name in names if name.count(".") > 1)]}


Known = dict[str, Any]


def one(address: str, values: Known, unknown: Known) -> tuple[str, Known, Known]:
    return address, values, {"id": True, **unknown}


INGRESS = {"from_port": 443, "to_port": 443, "protocol": "tcp"}
RESOURCES = [
    one("module.net.aws_vpc.v", {"cidr_block": "10.0.0.0/16"}, {"arn": True, "default_security_group_id": True}),
    one("module.net.aws_subnet.s[0]", {"availability_zone": "eu-west-1a"}, {"vpc_id": True}),
    one("module.net.aws_subnet.s[1]", {"availability_zone": "eu-west-1b"}, {"vpc_id": True}),
    one('module.net.aws_route_table.t["a"]', {}, {"vpc_id": True}),
    one('module.net.aws_route_table.t["b"]', {}, {"vpc_id": True}),
    one("module.net.aws_route_table_association.t[0]", {}, {"subnet_id": True, "route_table_id": True}),
    one("aws_internet_gateway.g", {}, {"vpc_id": True}),
    one("aws_route.d", {"destination_cidr_block": "0.0.0.0/0"}, {"gateway_id": True, "route_table_id": True}),
    one("aws_security_group.t", {"name": "task"}, {"vpc_id": True}),
    one("aws_security_group.e", {"name": "endpoints",
        "ingress": [INGRESS]},
        {"vpc_id": True, "ingress": [{"security_groups": True}]}),
    one("aws_vpc_endpoint.s3", {"service_name": "com.amazonaws.eu-west-1.s3"},
        {"prefix_list_id": True, "vpc_id": True}),
    one("aws_vpc_security_group_egress_rule.s3", {"ip_protocol": "tcp", "from_port": 443, "to_port": 443},
        {"security_group_id": True, "prefix_list_id": True}),
    one("aws_kms_key.k", {}, {"arn": True, "key_id": True, "policy": True}),
    one("aws_cloudwatch_log_group.l", {"name": "tasks"}, {"kms_key_id": True}),
    one('aws_iam_role.r["a"]', {"name": "a", "assume_role_policy": '{"Statement": []}'}, {"arn": True}),
    one('aws_iam_role.r["b"]', {"name": "b", "assume_role_policy": '{"Statement": []}'}, {"arn": True}),
    one("aws_iam_role_policy.p", {"role": "a"}, {"policy": True}),
    one('aws_ecs_task_definition.t["a"]', {"family": "a", "container_definitions": "[]"},
        {"arn": True, "task_role_arn": True}),
    one('aws_ecs_task_definition.t["b"]', {"family": "b"},
        {"arn": True, "task_role_arn": True, "container_definitions": True}),
    one('aws_ecs_service.s["a"]', {"name": "a", "network_configuration": [{"assign_public_ip": False}]},
        {"task_definition": True, "network_configuration": [{"subnets": True, "security_groups": True}]}),
    one("aws_flow_log.f", {"traffic_type": "ALL"}, {"vpc_id": True}),
]  # fmt: skip
VPC_OF = {"vpc_id": refers("module.net.vpc_id")}
ROOT = {
    "aws_internet_gateway.g": VPC_OF,
    "aws_route.d": {
        "gateway_id": refers("aws_internet_gateway.g.id"),
        "route_table_id": {"references": ['module.net.tables["b"]', "module.net.tables", "module.net"]},
    },
    "aws_security_group.t": VPC_OF,
    "aws_security_group.e": {**VPC_OF, "ingress": [{"security_groups": refers("aws_security_group.t.id")}]},
    "aws_vpc_endpoint.s3": VPC_OF,
    "aws_vpc_security_group_egress_rule.s3": {
        "security_group_id": refers("aws_security_group.t.id"),
        "prefix_list_id": refers("aws_vpc_endpoint.s3.prefix_list_id"),
    },
    "aws_kms_key.k": {},
    "aws_cloudwatch_log_group.l": {"kms_key_id": refers("aws_kms_key.k.arn")},
    "aws_iam_role.r": {},
    "aws_iam_role_policy.p": {"policy": refers("aws_kms_key.k.arn"), "role": {"constant_value": "a"}},
    "aws_ecs_task_definition.t": {
        "task_role_arn": refers("aws_iam_role.r", "each.key"),
        "container_definitions": refers("aws_cloudwatch_log_group.l.name"),
    },
    "aws_ecs_service.s": {
        "task_definition": refers("each.value.arn"),
        "network_configuration": [
            {"subnets": refers("module.net.subnet_ids"), "security_groups": refers("aws_security_group.t.id")}
        ],
    },
    "aws_flow_log.f": {"vpc_id": refers("local.vpc")},
}
NET = {
    "aws_vpc.v": {},
    "aws_subnet.s": {"vpc_id": refers("aws_vpc.v.id")},
    "aws_route_table.t": {"vpc_id": refers("aws_vpc.v.id")},
    "aws_route_table_association.t": {
        "subnet_id": refers("aws_subnet.s", "count.index"),
        "route_table_id": refers("aws_route_table.t", "var.names", "count.index"),
    },
}
OUTPUTS = {"vpc_id": "aws_vpc.v.id", "subnet_ids": "aws_subnet.s", "tables": "aws_route_table.t"}


def _configured(found: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = []
    for address, expressions in found.items():
        kind, name = address.split(".")
        each = (
            {"for_each_expression": refers("aws_ecs_task_definition.t")} if kind == "aws_ecs_service" else {}
        )
        blocks.append({"mode": "managed", "type": kind, "name": name, "expressions": expressions, **each})
    return blocks


def _values(address: str, values: Known) -> dict[str, Any]:
    kind, name = address.rpartition("module.net.")[2].split("[")[0].split(".")
    index = json.loads(address.split("[")[1].rstrip("]")) if "[" in address else None
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "index": index,
        "values": values,
    }


def _plan() -> dict[str, Any]:
    inside = [each for each in RESOURCES if each[0].startswith("module.")]
    outside = [each for each in RESOURCES if each not in inside]
    child = {
        "address": "module.net",
        "resources": [_values(address, values) for address, values, _ in inside],
    }
    outputs = {name: {"expression": refers(of)} for name, of in OUTPUTS.items()}
    module = {"resources": _configured(NET), "outputs": outputs}
    return {
        "planned_values": {
            "root_module": {
                "resources": [_values(address, values) for address, values, _ in outside],
                "child_modules": [child],
            }
        },
        "resource_changes": [
            {"address": address, "change": {"after_unknown": unknown}} for address, _, unknown in RESOURCES
        ],
        "configuration": {
            "provider_config": {"aws": {"expressions": {"region": {"references": ["var.region"]}}}},
            "root_module": {
                "resources": _configured(ROOT),
                "module_calls": {"net": {"expressions": {}, "module": module}},
            },
        },
        "variables": {"region": {"value": "eu-south-2"}},
    }


@pytest.fixture
def read(tmp_path: Path) -> Inventory:
    (tmp_path / "plan.json").write_text(json.dumps(_plan()))
    return Plan(tmp_path / "plan.json", tmp_path).read()


def test_ids_that_are_not_known_are_addresses_through_modules_and_outputs(read: Inventory) -> None:
    assert read.source is Source.PLAN
    assert [each.id for each in read.vpcs] == ["module.net.aws_vpc.v"]
    assert {each.vpc for each in read.subnets} == {"module.net.aws_vpc.v"}
    assert [(each.id, each.vpc) for each in read.gateways] == [
        ("aws_internet_gateway.g", "module.net.aws_vpc.v")
    ]
    [service] = read.services
    assert service.subnets == ("module.net.aws_subnet.s[0]", "module.net.aws_subnet.s[1]")
    assert service.groups == ("aws_security_group.t",)


def test_a_table_is_found_by_the_key_that_an_output_is_asked_for(read: Inventory) -> None:
    [table] = [
        each for each in read.route_tables if any(one.destination == "0.0.0.0/0" for one in each.routes)
    ]
    assert (table.id, [one.target for one in table.routes]) == (
        'module.net.aws_route_table.t["b"]',
        [Target.INTERNET],
    )


def test_blocks_in_blocks_are_filled_in(read: Inventory) -> None:
    group = read.group("aws_security_group.e")
    assert group
    assert [(each.kind, each.peer) for each in group.ingress] == [(Peer.GROUP, "aws_security_group.t")]


def test_the_prefix_list_of_an_endpoint_is_told_from_the_endpoint(read: Inventory) -> None:
    group = read.group("aws_security_group.t")
    assert group
    assert [each.peer for each in group.egress] == ["aws_vpc_endpoint.s3.prefix_list_id"]
    assert [(each.id, each.name) for each in read.prefix_lists] == [
        ("aws_vpc_endpoint.s3.prefix_list_id", "com.amazonaws.eu-south-2.s3")
    ]


def test_instances_find_their_own_among_those_of_another_block(read: Inventory) -> None:
    assert [each.task_role for each in read.task_definitions] == [
        'aws_iam_role.r["a"]',
        'aws_iam_role.r["b"]',
    ]
    [service] = read.services
    assert read.definition_of(service) is read.task_definitions[0]


def test_a_key_is_found_by_what_names_it(read: Inventory) -> None:
    [group] = read.log_groups
    assert read.key(group.encryption.key) is read.keys[0]


def test_what_stays_unknown_is_unread_with_the_field_it_is_of(read: Inventory) -> None:
    told = {each.cause: each.kind for each in read.unread}
    assert told == {
        "aws_flow_log.f: its vpc_id is known after apply": "flow_logs",
        "aws_iam_role_policy.p: its policy is known after apply": "roles",
        'aws_ecs_task_definition.t["b"]: its container_definitions are known after apply': "task_definitions",
        "module.net.aws_route_table_association.t[0]: its route_table_id is known after apply": "route_tables",
    }
    assert [each.of for each in read.flow_logs] == [UNKNOWN]


def test_what_is_optional_and_not_written_is_not_unknown(read: Inventory) -> None:
    assert [each.policy for each in read.keys] == [None]
    assert [each.policy for each in read.endpoints] == [None]


def test_the_region_is_that_of_the_plans_variable(read: Inventory) -> None:
    assert read.region == "eu-south-2"


def test_a_state_is_read_as_well(tmp_path: Path) -> None:
    resources = [_values("aws_vpc.v", {"id": "vpc-0123", "cidr_block": "10.0.0.0/16"})]
    (tmp_path / "state.json").write_text(json.dumps({"values": {"root_module": {"resources": resources}}}))
    assert [each.id for each in Plan(tmp_path / "state.json", tmp_path).read().vpcs] == ["vpc-0123"]


@pytest.mark.parametrize(
    ("content", "fact"), [("{}", "is no plan or state"), ("{", "is no JSON"), (None, "cannot read")]
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str | None, fact: str) -> None:
    if content is not None:
        (tmp_path / "plan.json").write_text(content)
    with pytest.raises(TerraformError, match=fact) as raised:
        Plan(tmp_path / "plan.json", tmp_path).read()
    assert "terraform show -json" in raised.value.remedy


def test_what_a_resource_is_made_for_each_of_may_be_the_instances_of_a_module() -> None:
    role = resource('module.task["api"].aws_iam_role.this')
    other = resource('module.task["worker"].aws_iam_role.this')
    task = resource('aws_ecs_task_definition.this["api"]')
    block = {
        "mode": "managed",
        "type": task.type,
        "name": task.name,
        "expressions": {},
        "for_each_expression": refers("module.task"),
    }
    module = {"outputs": {"arn": {"expression": refers("aws_iam_role.this.arn")}}}
    root = {"resources": [block], "module_calls": {"task": {"module": module}}}
    references = References({"root_module": root}, (role, other, task))
    assert references.named_by(task, refers("each.value.arn")) == [role.address]
    assert references.named_by(task, refers("each.key")) == []
