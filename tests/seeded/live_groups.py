"""Faults of security groups in a deployment, of load balancers and of flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeded.deployed import ANYWHERE, Deployed

if TYPE_CHECKING:
    from collections.abc import Callable


def _world(one: Deployed) -> None:
    one.allow("ingress", one.group("endpoints"), IpRanges=[{"CidrIp": ANYWHERE}])


def _world_6(one: Deployed) -> None:
    one.allow("ingress", one.group("endpoints"), Ipv6Ranges=[{"CidrIpv6": "::/0"}])


def _out(one: Deployed) -> None:
    everything = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}
    one.allow("egress", one.group("scheduler"), IpRanges=[{"CidrIp": ANYWHERE}], **everything)


def _own_rules(one: Deployed) -> None:
    group = one.ec2.create_security_group(GroupName="fault", Description="a fault", VpcId=one.vpc)["GroupId"]
    one.allow("ingress", group, FromPort=22, ToPort=22, IpRanges=[{"CidrIp": ANYWHERE}])


def _whole_vpc(one: Deployed) -> None:
    cidr = one.ec2.describe_vpcs(VpcIds=[one.vpc])["Vpcs"][0]["CidrBlock"]
    one.allow("ingress", one.group("endpoints"), IpRanges=[{"CidrIp": cidr}])


def _one_subnet(one: Deployed) -> None:
    cidr = one.ec2.describe_subnets(SubnetIds=[one.subnet])["Subnets"][0]["CidrBlock"]
    one.allow("ingress", one.group("endpoints"), IpRanges=[{"CidrIp": cidr}])


def _default_group(one: Deployed) -> None:
    wanted = [{"Name": "vpc-id", "Values": [one.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = one.ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]["GroupId"]
    everything = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}
    one.allow("ingress", group, UserIdGroupPairs=[{"GroupId": group}], **everything)


def _all_ports(one: Deployed) -> None:
    worker = [{"GroupId": one.group("worker")}]
    one.allow("ingress", one.group("scheduler"), IpProtocol="-1", FromPort=-1, ToPort=-1, UserIdGroupPairs=worker)  # fmt: skip  # noqa: E501


def _not_in(one: Deployed) -> None:
    endpoints = one.group("endpoints")
    one.revoke("ingress", lambda rule: rule["GroupId"] == endpoints)


def _not_out(one: Deployed) -> None:
    endpoints = one.group("endpoints")
    one.revoke("egress", lambda rule: rule.get("ReferencedGroupInfo", {}).get("GroupId") == endpoints)


def _no_prefix(one: Deployed) -> None:
    one.revoke("egress", lambda rule: bool(rule.get("PrefixListId")))


def _no_database(one: Deployed) -> None:
    scheduler = one.group("scheduler")

    def meant(rule: dict[str, Any]) -> bool:
        asks = rule.get("ReferencedGroupInfo", {}).get("GroupId") == scheduler
        return bool(asks and rule["FromPort"] == 5432)

    one.revoke("ingress", meant)


def _balancer(one: Deployed) -> None:
    elb = one.client("elbv2")
    made = elb.create_load_balancer(
        Name="fault",
        Scheme="internet-facing",
        Type="application",
        Subnets=list(one.outputs["subnet_ids"]),
        SecurityGroups=[one.group("api-server")],
    )
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[answer],
    )


def _no_flow_logs(one: Deployed) -> dict[str, Any]:
    [old] = one.ec2.describe_flow_logs()["FlowLogs"]
    one.ec2.delete_flow_logs(FlowLogIds=[old["FlowLogId"]])
    told: dict[str, Any] = old
    return told


def _refused_alone(one: Deployed) -> None:
    old = _no_flow_logs(one)
    kept = ("LogDestinationType", "LogDestination", "LogGroupName", "DeliverLogsPermissionArn")
    one.ec2.create_flow_logs(
        ResourceIds=[one.vpc],
        ResourceType="VPC",
        TrafficType="REJECT",
        **{key: old[key] for key in kept if old.get(key)},
    )


SPOILED: dict[str, Callable[[Deployed], Any]] = {
    "endpoints that the world may ask": _world,
    "endpoints that the world may ask by IPv6": _world_6,
    "a service that may talk to the world": _out,
    "rules of a group that are written into it": _own_rules,
    "endpoints that the whole VPC may ask": _whole_vpc,
    "a default security group with rules": _default_group,
    "endpoints that no service may ask": _not_in,
    "services that may not ask endpoints": _not_out,
    "no rule for the addresses of S3": _no_prefix,
    "endpoints that a subnet may ask by its range": _one_subnet,
    "a group open to another on all ports": _all_ports,
    "a database that the scheduler may not ask": _no_database,
    "a load balancer that faces the internet, on plain HTTP": _balancer,
    "no flow logs": _no_flow_logs,
    "flow logs of what is refused alone": _refused_alone,
}
