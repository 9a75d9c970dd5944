"""A deployment of infra/example on a server of moto, to be spoilt by the calls of AWS's API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import moto_aws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANYWHERE = "0.0.0.0/0"
_ENDPOINT = ("VpcId", "ServiceName", "VpcEndpointType", "PolicyDocument", "SubnetIds", "PrivateDnsEnabled", "RouteTableIds")  # fmt: skip  # noqa: E501
_DEFINITION = (
    "family", "networkMode", "requiresCompatibilities", "cpu", "memory", "taskRoleArn", "executionRoleArn",
    "containerDefinitions", "volumes", "runtimePlatform",
)  # fmt: skip


@dataclass(frozen=True)
class Deployed:
    """What Terraform has made of the example; `outputs` are the example's."""

    url: str
    outputs: Mapping[str, Any]

    def client(self, service: str) -> Any:
        return moto_aws.client(service, self.url)

    @cached_property
    def ec2(self) -> Any:
        return self.client("ec2")

    @property
    def vpc(self) -> str:
        return str(self.outputs["vpc_id"])

    @property
    def subnet(self) -> str:
        return str(self.outputs["subnet_ids"][0])

    @property
    def buckets(self) -> list[str]:
        return list(self.outputs["bucket_names"].values())

    @property
    def repository(self) -> str:
        return str(self.outputs["repository_url"].split("/", 1)[1])

    @property
    def table(self) -> str:
        """The route table of the private subnets."""
        by_subnet = [{"Name": "association.subnet-id", "Values": [self.subnet]}]
        return str(self.ec2.describe_route_tables(Filters=by_subnet)["RouteTables"][0]["RouteTableId"])

    def route(self, **target: str) -> None:
        self.ec2.create_route(RouteTableId=self.table, **{"DestinationCidrBlock": ANYWHERE, **target})

    def group(self, name: str) -> str:
        if name == "endpoints":
            return str(self.endpoint("logs")["Groups"][0]["GroupId"])
        return str(self.outputs["security_group_ids"][name])

    def allow(self, direction: str, group: str, **peer: Any) -> None:
        """Add a rule to a group, for TCP 443 where it says nothing else."""
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **peer}
        getattr(self.ec2, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=[rule])

    def revoke(self, direction: str, which: Callable[[dict[str, Any]], bool]) -> None:
        """Take the rules that are meant out of all groups of the VPC."""
        rules = self.ec2.describe_security_group_rules()["SecurityGroupRules"]
        for one in rules:
            if one["IsEgress"] == (direction == "egress") and which(one):
                revoke = getattr(self.ec2, f"revoke_security_group_{direction}")
                revoke(GroupId=one["GroupId"], SecurityGroupRuleIds=[one["SecurityGroupRuleId"]])

    def endpoint(self, service: str) -> dict[str, Any]:
        identifier = self.outputs["endpoint_ids"][service]
        told: dict[str, Any] = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"][0]
        return told

    def interfaces(self) -> list[str]:
        return [service for service in self.outputs["endpoint_ids"] if service != "s3"]

    def made_anew(self, service: str, **changed: Any) -> None:
        """Delete an endpoint, and make it with other values."""
        old = self.endpoint(service)
        groups = [one["GroupId"] for one in old.get("Groups", [])]
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[old["VpcEndpointId"]])
        kept = {key: old[key] for key in _ENDPOINT if old.get(key)}
        if groups:
            kept["SecurityGroupIds"] = groups
        self.ec2.create_vpc_endpoint(
            **{key: value for key, value in {**kept, **changed}.items() if value is not None}
        )

    def endpoint_policy(self, service: str, change: Callable[[Any], None]) -> None:
        """Change the policy of an endpoint."""
        old = self.endpoint(service)
        policy = json.loads(old["PolicyDocument"])
        change(policy)
        self.ec2.modify_vpc_endpoint(VpcEndpointId=old["VpcEndpointId"], PolicyDocument=json.dumps(policy))

    def key_policy(self, change: Callable[[Any], None]) -> None:
        kms, key = self.client("kms"), self.outputs["key_arn"]
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        change(policy)
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

    def bucket_policy(self, change: Callable[[Any, str], None]) -> None:
        s3 = self.client("s3")
        for bucket in self.buckets:
            policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
            change(policy, bucket)
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    def bucket_encryption(self, **default: str) -> None:
        rule = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        for bucket in self.buckets:
            self.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)

    def definitions(self, change: Callable[[Any], None]) -> None:
        """Register all task definitions with a change, and have the services run them."""
        ecs, cluster = self.client("ecs"), self.outputs["cluster_name"]
        families = {
            arn.rsplit("/", 1)[1].rsplit(":", 1)[0]
            for arn in ecs.list_task_definitions()["taskDefinitionArns"]
        }
        newest = {}
        for family in families:
            old = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
            change(old)
            told = ecs.register_task_definition(**{key: old[key] for key in _DEFINITION if old.get(key)})
            newest[family] = told["taskDefinition"]["taskDefinitionArn"]
        names = self.outputs["service_names"]
        for one in ecs.describe_services(cluster=cluster, services=names)["services"]:
            family = one["taskDefinition"].rsplit("/", 1)[1].rsplit(":", 1)[0]
            ecs.update_service(cluster=cluster, service=one["serviceName"], taskDefinition=newest[family])

    def containers(self, change: Callable[[Any], None]) -> None:
        def each(definition: Any) -> None:
            for container in definition["containerDefinitions"]:
                change(container)

        self.definitions(each)

    def roles(self, ending: str = "") -> list[dict[str, Any]]:
        """Return the roles of tasks: those that start them (`-execution`), and those that their code has."""
        found = self.client("iam").list_roles(MaxItems=1000)["Roles"]
        return [
            one
            for one in found
            if "ecs-tasks" in json.dumps(one["AssumeRolePolicyDocument"]) and one["RoleName"].endswith(ending)
        ]

    def grant(self, statement: Mapping[str, Any], role: str) -> None:
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.client("iam").put_role_policy(
            RoleName=role, PolicyName="fault", PolicyDocument=json.dumps(document)
        )

    def role_policy(self, role: str, change: Callable[[str], str]) -> None:
        """Change the text of a role's policies."""
        iam = self.client("iam")
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=change(document))
