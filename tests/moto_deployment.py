"""A small deployment in moto, made by boto3: a network without a way out, services on ECS, and what they keep."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable

REGION, ACCOUNT, CLUSTER = "eu-west-1", "123456789012", "airflow"
DIGEST = "sha256:" + "ab" * 32
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/airflow@{DIGEST}"
OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def reads(what: str, resource: str = "*") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": what, "Resource": resource}]}


@dataclass
class Made:
    """What was made, by a name for each; `client` gives another client of the same moto."""

    client: Callable[[str], Any]
    names: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.names[name]

    def __setitem__(self, name: str, value: str) -> None:
        self.names[name] = value


def make(endpoint: str | None = None) -> Made:
    """Make the deployment in the moto that is running, or at an endpoint."""
    made = Made(
        lambda name: boto3.client(
            name,  # type: ignore[call-overload]
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto asks for none
        )
    )
    _network(made)
    _groups(made)
    _key(made)
    _kept(made)
    _data(made)
    _roles(made)
    _services(made)
    return made


def _network(made: Made) -> None:
    ec2 = made.client("ec2")
    vpc = made["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    for number, zone in enumerate("ab"):
        told = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        made[f"subnet {zone}"] = told["Subnet"]["SubnetId"]
    table = made["table"] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    for zone in "ab":
        ec2.associate_route_table(RouteTableId=table, SubnetId=made[f"subnet {zone}"])


def _groups(made: Made) -> None:
    ec2 = made.client("ec2")
    for name in ("tasks", "endpoints", "data"):
        told = ec2.create_security_group(GroupName=name, Description=name, VpcId=made["vpc"])
        made[name] = told["GroupId"]
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.revoke_security_group_egress(GroupId=told["GroupId"], IpPermissions=everything)
    for name, port in (("endpoints", 443), ("data", 5432)):
        there = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        ec2.authorize_security_group_ingress(
            GroupId=made[name], IpPermissions=[{**there, "UserIdGroupPairs": [{"GroupId": made["tasks"]}]}]
        )
        ec2.authorize_security_group_egress(
            GroupId=made["tasks"], IpPermissions=[{**there, "UserIdGroupPairs": [{"GroupId": made[name]}]}]
        )
    lists = ec2.describe_managed_prefix_lists()["PrefixLists"]
    made["s3 list"] = next(one["PrefixListId"] for one in lists if one["PrefixListName"].endswith(".s3"))
    to_s3 = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "PrefixListIds": [{"PrefixListId": made["s3 list"]}],
    }
    ec2.authorize_security_group_egress(GroupId=made["tasks"], IpPermissions=[to_s3])
    subnets = [made["subnet a"], made["subnet b"]]
    for service in ("ecr.api", "ecs", "logs"):
        made[service] = ec2.create_vpc_endpoint(
            VpcId=made["vpc"],
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=subnets,
            SecurityGroupIds=[made["endpoints"]],
            PrivateDnsEnabled=True,
            PolicyDocument=json.dumps(OPEN),
        )["VpcEndpoint"]["VpcEndpointId"]
    made["s3"] = ec2.create_vpc_endpoint(
        VpcId=made["vpc"],
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[made["table"]],
        PolicyDocument=json.dumps(OPEN),
    )["VpcEndpoint"]["VpcEndpointId"]


def _key(made: Made) -> None:
    kms = made.client("kms")
    everything = {"Sid": "owner", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    policy = {"Version": "2012-10-17", "Statement": [{**everything, "Action": "kms:*", "Resource": "*"}]}
    told = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]
    made["key"], made["key id"] = told["Arn"], told["KeyId"]
    kms.enable_key_rotation(KeyId=told["KeyId"])
    kms.create_alias(AliasName="alias/airflow", TargetKeyId=told["KeyId"])


def _kept(made: Made) -> None:
    s3 = made.client("s3")
    for bucket in ("dags-of-a-test", "logs-of-a-test"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": made["key"]}
    s3.put_bucket_encryption(
        Bucket="dags-of-a-test",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    s3.put_bucket_versioning(Bucket="dags-of-a-test", VersioningConfiguration={"Status": "Enabled"})
    all_of_it = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    s3.put_public_access_block(
        Bucket="dags-of-a-test", PublicAccessBlockConfiguration=dict.fromkeys(all_of_it, True)
    )
    ours = reads("s3:GetObject", "arn:aws:s3:::dags-of-a-test/*")
    ours["Statement"][0]["Principal"] = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/task"}
    s3.put_bucket_policy(Bucket="dags-of-a-test", Policy=json.dumps(ours))
    ecr = made.client("ecr")
    ecr.create_repository(
        repositoryName="airflow",
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": made["key"]},
    )
    secrets = made.client("secretsmanager")
    made["fernet"] = secrets.create_secret(Name="airflow/fernet", SecretString="x", KmsKeyId="alias/airflow")[
        "ARN"
    ]
    made["connection"] = secrets.create_secret(Name="airflow/connections/db", SecretString="x")["ARN"]
    secrets.create_secret(Name="other/secret", SecretString="x")
    logs = made.client("logs")
    of_services = (
        "/aws/rds/instance/airflow/postgresql",
        f"/aws/ecs/containerinsights/{CLUSTER}/performance",
    )
    for group in ("/airflow", "/airflow-of-others", *of_services):
        logs.create_log_group(logGroupName=group, kmsKeyId=made["key"])
    logs.put_retention_policy(logGroupName="/airflow", retentionInDays=30)
    made.client("ec2").create_flow_logs(
        ResourceIds=[made["vpc"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::logs-of-a-test",
    )


def _data(made: Made) -> None:
    efs = made.client("efs")
    told = efs.create_file_system(CreationToken="dags", Encrypted=True, KmsKeyId=made["key"])
    made["efs"] = told["FileSystemId"]
    for zone in "ab":
        efs.create_mount_target(
            FileSystemId=made["efs"], SubnetId=made[f"subnet {zone}"], SecurityGroups=[made["data"]]
        )
    made["point"] = efs.create_access_point(
        ClientToken="dags",
        FileSystemId=made["efs"],
        PosixUser={"Uid": 50000, "Gid": 0},
        RootDirectory={"Path": "/dags"},
    )["AccessPointId"]
    rds = made.client("rds")
    subnets = [made["subnet a"], made["subnet b"]]
    rds.create_db_subnet_group(DBSubnetGroupName="airflow", DBSubnetGroupDescription="a", SubnetIds=subnets)
    rds.create_db_parameter_group(
        DBParameterGroupName="airflow", DBParameterGroupFamily="postgres16", Description="TLS alone"
    )
    forced = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="airflow", Parameters=[forced])
    rds.create_db_instance(
        DBInstanceIdentifier="airflow",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        EngineVersion="16.4",
        Port=5432,
        AllocatedStorage=20,
        MasterUsername="airflow",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="airflow",
        DBParameterGroupName="airflow",
        VpcSecurityGroupIds=[made["data"]],
        StorageEncrypted=True,
        KmsKeyId=made["key"],
        MultiAZ=True,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        PubliclyAccessible=False,
        EnableCloudwatchLogsExports=["postgresql"],
    )
    cache = made.client("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="airflow", CacheSubnetGroupDescription="a", SubnetIds=subnets
    )
    cache.create_replication_group(
        ReplicationGroupId="airflow",
        ReplicationGroupDescription="the broker",
        Engine="valkey",
        CacheNodeType="cache.t4g.small",
        CacheSubnetGroupName="airflow",
        SecurityGroupIds=[made["data"]],
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
        KmsKeyId=made["key"],
        NumCacheClusters=2,
    )
    sqs = made.client("sqs")
    made["queue"] = sqs.create_queue(
        QueueName="airflow-tasks", Attributes={"KmsMasterKeyId": made["key id"]}
    )["QueueUrl"]


def _roles(made: Made) -> None:
    iam = made.client("iam")
    for role in ("task", "execution"):
        iam.create_role(RoleName=role, Path="/airflow/", AssumeRolePolicyDocument=json.dumps(TRUST))
    made["task role"] = f"arn:aws:iam::{ACCOUNT}:role/airflow/task"
    made["execution role"] = f"arn:aws:iam::{ACCOUNT}:role/airflow/execution"
    iam.put_role_policy(RoleName="task", PolicyName="dags", PolicyDocument=json.dumps(reads("s3:GetObject")))
    policy = json.dumps(reads("secretsmanager:GetSecretValue"))
    arn = iam.create_policy(PolicyName="secrets", PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="execution", PolicyArn=arn)


def _services(made: Made) -> None:
    ecs = made.client("ecs")
    ecs.create_cluster(
        clusterName=CLUSTER,
        settings=[{"name": "containerInsights", "value": "enabled"}],
        configuration={"executeCommandConfiguration": {"kmsKeyId": made["key id"], "logging": "DEFAULT"}},
    )
    environment = {
        "AIRFLOW__CORE__EXECUTOR": "airflow.providers.amazon.aws.executors.ecs.AwsEcsExecutor",
        "AIRFLOW__AWS_ECS_EXECUTOR__TASK_DEFINITION": "airflow-worker",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs-of-a-test/prod",
        "AIRFLOW__CELERY__BROKER_URL": "sqs://",
        "AIRFLOW__OPERATORS__DEFAULT_QUEUE": "airflow-tasks",
        "AIRFLOW__SECRETS__BACKEND": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    }
    for family in ("airflow-scheduler", "airflow-worker"):
        told = ecs.register_task_definition(**_definition(made, family, environment))
        made[family] = told["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster=CLUSTER,
        serviceName="scheduler",
        taskDefinition=made["airflow-scheduler"],
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": [made["subnet a"], made["subnet b"]],
                "securityGroups": [made["tasks"]],
                "assignPublicIp": "DISABLED",
            }
        },
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        enableExecuteCommand=True,
    )


def _definition(made: Made, family: str, environment: dict[str, str]) -> dict[str, Any]:
    container = {
        "name": "airflow",
        "image": IMAGE,
        "essential": True,
        "memory": 512,
        "command": ["scheduler"],
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "secrets": [{"name": "AIRFLOW__CORE__FERNET_KEY", "valueFrom": f"{made['fernet']}:key::"}],
        "readonlyRootFilesystem": True,
        "user": "50000:0",
        "healthCheck": {"command": ["CMD", "airlock-health", "scheduler"]},
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/airflow"}},
        "mountPoints": [{"sourceVolume": "dags", "containerPath": "/mnt/dags"}],
    }
    access = {"accessPointId": made["point"], "iam": "ENABLED"}
    efs = {"fileSystemId": made["efs"], "transitEncryption": "ENABLED", "authorizationConfig": access}
    return {
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "taskRoleArn": made["task role"],
        "executionRoleArn": made["execution role"],
        "containerDefinitions": [container],
        "volumes": [{"name": "dags", "efsVolumeConfiguration": efs}],
    }
