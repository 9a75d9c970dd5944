"""A deployed account becomes an inventory: against moto as a server, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

import moto_deployment
import moto_gaps
from airlock.errors import AwsError
from airlock.verify.account.account import connect
from airlock.verify.account.scope import Scope
from airlock.verify.network import Peer, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from moto_deployment import Made

SCOPE = Scope(moto_deployment.CLUSTER, locations=("s3://dags-of-a-test/prod",))
# What moto has no answer to: IAM Access Analyzer at all, and the nodes of a replication group.
NOT_IN_MOTO = ["analyzers", "caches"]


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    """Serve a deployment, and let every client of boto3 find it, as long as the module's tests run."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    given = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": moto_deployment.REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "NO_PROXY": host,
        "no_proxy": host,
    }
    with pytest.MonkeyPatch.context() as patch:
        moto_gaps.fill(patch)
        patch.delenv("AWS_PROFILE", raising=False)
        for name, value in given.items():
            patch.setenv(name, value)
        yield moto_deployment.make(endpoint)
    server.stop()


@pytest.fixture(scope="module")
def found(made: Made) -> Inventory:
    del made
    return connect(SCOPE).read()


def test_only_what_moto_has_not_is_unread(found: Inventory) -> None:
    assert [one.kind for one in found.unread] == NOT_IN_MOTO


def test_the_network_is_the_services(found: Inventory, made: Made) -> None:
    assert [(one.id, one.dns_support, one.dns_hostnames) for one in found.vpcs] == [(made["vpc"], True, True)]
    assert {one.id for one in found.subnets} == {made["subnet a"], made["subnet b"]}
    assert {one.zone for one in found.subnets} == {"eu-west-1a", "eu-west-1b"}
    assert {found.table_of(one) for one in found.subnets} == {
        one for one in found.route_tables if one.id == made["table"]
    }
    assert (found.gateways, found.public_addresses, found.instances) == ((), (), ())
    assert [(one.of, one.traffic) for one in found.flow_logs] == [(made["vpc"], "ALL")]


def test_endpoints_have_short_names_groups_subnets_and_policies(found: Inventory, made: Made) -> None:
    by_service = {one.service: one for one in found.endpoints}
    assert set(by_service) == {"ecr.api", "ecs", "logs", "s3"}
    ecs, s3 = by_service["ecs"], by_service["s3"]
    assert (ecs.id, ecs.gateway, ecs.private_dns, ecs.groups) == (
        made["ecs"],
        False,
        True,
        (made["endpoints"],),
    )
    assert set(ecs.subnets) == {made["subnet a"], made["subnet b"]}
    assert (s3.gateway, s3.private_dns, s3.route_tables) == (True, False, (made["table"],))
    assert s3.policy is not None
    assert next(s3.policy.allowed).actions == ("*",)


def test_groups_refer_to_groups_and_prefix_lists(found: Inventory, made: Made) -> None:
    tasks = found.group(made["tasks"])
    assert tasks is not None
    assert {(one.first, one.kind, one.peer) for one in tasks.egress} == {
        (443, Peer.GROUP, made["endpoints"]),
        (5432, Peer.GROUP, made["data"]),
        (443, Peer.PREFIX_LIST, made["s3 list"]),
    }
    assert [one.name for one in found.prefix_lists] == ["com.amazonaws.eu-west-1.s3"]
    assert found.prefix_lists[0].entries
    assert [one.name for one in found.security_groups if one.default] == ["default"]


def test_services_lead_to_task_definitions_also_the_executors(found: Inventory, made: Made) -> None:
    [service] = found.services
    assert (service.desired, service.running, service.groups) == (2, 2, (made["tasks"],))
    assert (service.breaker, service.rolls_back, service.exec_enabled) == (True, True, True)
    definition = found.definition_of(service)
    assert definition is not None
    assert {one.family for one in found.task_definitions} == {"airflow-scheduler", "airflow-worker"}
    container = definition.containers[0]
    assert (container.read_only, container.user, container.log_driver) == (True, "50000:0", "awslogs")
    assert container.health == ("CMD", "airlock-health", "scheduler")
    assert definition.volumes[0].encrypted
    assert definition.volumes[0].iam
    assert found.key(found.clusters[0].exec_key) == found.keys[0]


def test_roles_have_their_own_policies_and_those_that_are_attached(found: Inventory, made: Made) -> None:
    task, execution = found.role(made["task role"]), found.role(made["execution role"])
    assert task is not None
    assert execution is not None
    assert [one.name for one in task.policies] == ["dags"]
    assert [one.name for one in execution.policies] == ["secrets"]
    assert task.trust is not None
    assert task.trust.statements[0].principals[0].value == "ecs-tasks.amazonaws.com"


def test_what_is_kept_has_its_key(found: Inventory, made: Made) -> None:
    [key] = found.keys
    assert key.rotates
    assert key.policy is not None
    assert {made["key"], made["key id"], "alias/airflow"} <= set(key.names)
    dags = next(one.encryption for one in found.buckets if one.name == "dags-of-a-test")
    fernet = next(one.encryption for one in found.secrets if one.name == "airflow/fernet")
    kinds = (found.repositories, found.file_systems, found.databases, found.queues, found.log_groups)
    ours = [dags, fernet, *(one.encryption for kind in kinds for one in kind)]
    assert [found.key(one.key) for one in ours] == [key] * 9


def test_buckets_are_those_that_the_project_and_the_tasks_name(found: Inventory) -> None:
    by_name = {one.name: one for one in found.buckets}
    assert set(by_name) == {"dags-of-a-test", "logs-of-a-test"}
    dags, logs = by_name["dags-of-a-test"], by_name["logs-of-a-test"]
    assert (dags.versioned, dags.public_blocked, dags.policy is not None) == (True, True, True)
    assert (logs.versioned, logs.public_blocked, logs.policy) == (False, False, None)


def test_secrets_are_those_of_tasks_of_airflows_backend_and_of_rds(found: Inventory, made: Made) -> None:
    assert {made["fernet"], made["connection"]} < {one.arn for one in found.secrets}
    assert {one.name.partition("!")[0] for one in found.secrets} == {
        "airflow/connections/db",
        "airflow/fernet",
        "rds",
    }


def test_data_is_private_and_encrypted(found: Inventory, made: Made) -> None:
    [database] = found.databases
    assert (database.engine, database.port, database.public, database.forces_tls) == (
        "postgres",
        5432,
        False,
        True,
    )
    assert (database.zones, database.backup_days, database.protected) == (2, 7, True)
    assert (set(database.subnets), database.groups) == ({made["subnet a"], made["subnet b"]}, (made["data"],))
    assert {one.subnet for one in found.mount_targets} == {made["subnet a"], made["subnet b"]}
    assert [(one.path, one.uid) for one in found.access_points] == [("/dags", 50000)]
    assert {one.name: one.retention for one in found.log_groups} == {
        "/airflow": 30,
        "/aws/ecs/containerinsights/airflow/performance": 0,
        "/aws/rds/instance/airflow/postgresql": 0,
    }
    assert [(one.mutability, one.scans) for one in found.repositories] == [("IMMUTABLE", True)]


def test_every_way_out_that_somebody_adds_is_found(made: Made) -> None:
    ec2 = made.client("ec2")
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=made["vpc"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=made["subnet a"], AllocationId=address)["NatGateway"][
        "NatGatewayId"
    ]
    ec2.create_egress_only_internet_gateway(VpcId=made["vpc"])
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=made["vpc"], PeerVpcId=other)["VpcPeeringConnection"]
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=made["vpc"], SubnetIds=[made["subnet a"]]
    )
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=vpn, VpcId=made["vpc"])
    ec2.create_route(RouteTableId=made["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=internet)
    instance = ec2.run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        SubnetId=made["subnet b"],
        SecurityGroupIds=[made["tasks"]],
    )["Instances"][0]["InstanceId"]
    ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
    found = connect(SCOPE).read()
    assert {one.kind for one in found.gateways} == {
        Target.INTERNET, Target.NAT, Target.EGRESS_ONLY, Target.PEERING, Target.TRANSIT, Target.VPN
    }  # fmt: skip
    assert {nat, internet, peering["VpcPeeringConnectionId"]} < {one.id for one in found.gateways}
    routes = [route for one in found.route_tables for route in one.routes if route.target is Target.INTERNET]
    assert [one.destination for one in routes] == ["0.0.0.0/0"]
    assert [(one.id, one.forwards) for one in found.instances] == [(instance, True)]


def test_a_vpc_is_read_without_a_cluster(made: Made) -> None:
    found = connect(Scope(vpcs=(made["vpc"],))).read()
    assert (found.account, len(found.endpoints)) == (moto_deployment.ACCOUNT, 4)
    assert found.services == ()
    assert {"services", "task_definitions"} <= {one.kind for one in found.unread}


def test_a_cluster_that_is_not_there_is_an_error(made: Made) -> None:
    del made
    with pytest.raises(AwsError, match="there is no cluster nobody in eu-west-1"):
        connect(Scope("nobody")).read()
