"""Every call that is made, by service: what is not here is not made, and needs no permission.

Which actions take a resource: https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

from __future__ import annotations

from airlock.aws_failures import Service
from airlock.verify.account.call import Call


def _service(name: str, title: str, endpoint: str) -> Service:
    return Service(
        name,
        title,
        "allow these credentials what this prints: airlock verify --live --policy\n"
        "the VPC endpoint's policy may refuse, too. Whose they are: aws sts get-caller-identity",
        f"an interface VPC endpoint of the region ({endpoint})",
    )


_ECS = _service("ecs", "ECS", "ecs")
_OF_CLUSTER = {"ArnEquals": {"ecs:cluster": "arn:{partition}:ecs:{region}:{account}:cluster/{cluster}"}}
CLUSTERS = Call(
    _ECS,
    "DescribeClusters",
    "cluster {}",
    "clusters",
    resource="arn:{partition}:ecs:{region}:{account}:cluster/{cluster}",
)
SERVICE_NAMES = Call(_ECS, "ListServices", "services of cluster {}", "serviceArns", only=_OF_CLUSTER)
SERVICES = Call(
    _ECS,
    "DescribeServices",
    "services of cluster {}",
    "services",
    resource="arn:{partition}:ecs:{region}:{account}:service/{cluster}/*",
)
DEFINITION = Call(_ECS, "DescribeTaskDefinition", "task definition {}")

_EC2 = _service("ec2", "EC2", "ec2")
VPCS = Call(_EC2, "DescribeVpcs", "VPCs", "Vpcs")
VPC_ATTRIBUTE = Call(
    _EC2,
    "DescribeVpcAttribute",
    "attributes of {}",
    resource="arn:{partition}:ec2:{region}:{account}:vpc/*",
    kind="vpcs",
)
SUBNETS = Call(_EC2, "DescribeSubnets", "subnets", "Subnets")
ROUTE_TABLES = Call(_EC2, "DescribeRouteTables", "route tables", "RouteTables")
INTERNET_GATEWAYS = Call(_EC2, "DescribeInternetGateways", "internet gateways", "InternetGateways")
NAT_GATEWAYS = Call(_EC2, "DescribeNatGateways", "NAT gateways", "NatGateways")
EGRESS_ONLY = Call(
    _EC2,
    "DescribeEgressOnlyInternetGateways",
    "egress-only internet gateways",
    "EgressOnlyInternetGateways",
)
PEERINGS = Call(_EC2, "DescribeVpcPeeringConnections", "VPC peering connections", "VpcPeeringConnections")
TRANSIT = Call(
    _EC2,
    "DescribeTransitGatewayVpcAttachments",
    "transit gateways' attachments",
    "TransitGatewayVpcAttachments",
)
VPN_GATEWAYS = Call(_EC2, "DescribeVpnGateways", "virtual private gateways", "VpnGateways")
CARRIER_GATEWAYS = Call(_EC2, "DescribeCarrierGateways", "carrier gateways", "CarrierGateways")
INTERFACES = Call(_EC2, "DescribeNetworkInterfaces", "network interfaces", "NetworkInterfaces")
INSTANCES = Call(_EC2, "DescribeInstances", "instances", "Reservations")
ENDPOINTS = Call(_EC2, "DescribeVpcEndpoints", "VPC endpoints", "VpcEndpoints")
GROUPS = Call(_EC2, "DescribeSecurityGroups", "security groups", "SecurityGroups")
PREFIX_LISTS = Call(_EC2, "DescribeManagedPrefixLists", "prefix lists", "PrefixLists")
PREFIXES = Call(
    _EC2,
    "GetManagedPrefixListEntries",
    "entries of prefix list {}",
    "Entries",
    # AWS's own lists belong to the account "aws"
    resource="arn:{partition}:ec2:{region}:*:prefix-list/*",
    kind="prefix_lists",
)
FLOW_LOGS = Call(_EC2, "DescribeFlowLogs", "flow logs", "FlowLogs")

_ELB = _service("elbv2", "Elastic Load Balancing", "elasticloadbalancing")
LOAD_BALANCERS = Call(_ELB, "DescribeLoadBalancers", "load balancers", "LoadBalancers")
LISTENERS = Call(_ELB, "DescribeListeners", "listeners of {}", "Listeners")

_EFS = _service("efs", "EFS", "elasticfilesystem")
_FILE_SYSTEM = "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/*"
FILE_SYSTEMS = Call(
    _EFS, "DescribeFileSystems", "file system {}", "FileSystems", resource=_FILE_SYSTEM, kind="file_systems"
)
FILE_SYSTEM_POLICY = Call(
    _EFS,
    "DescribeFileSystemPolicy",
    "the policy of file system {}",
    absent=("PolicyNotFound",),
    resource=_FILE_SYSTEM,
    kind="file_systems",
)
MOUNT_TARGETS = Call(
    _EFS,
    "DescribeMountTargets",
    "mount targets of {}",
    "MountTargets",
    resource=_FILE_SYSTEM,
    kind="file_systems",
)
MOUNT_TARGET_GROUPS = Call(
    _EFS,
    "DescribeMountTargetSecurityGroups",
    "security groups of mount target {}",
    resource=_FILE_SYSTEM,
    kind="file_systems",
)
ACCESS_POINTS = Call(
    _EFS,
    "DescribeAccessPoints",
    "access points of {}",
    "AccessPoints",
    resource=_FILE_SYSTEM,
    kind="file_systems",
)

_KMS = _service("kms", "KMS", "kms")
_KEY = "arn:{partition}:kms:{region}:{account}:key/*"
KEY = Call(_KMS, "DescribeKey", "key {}", resource=_KEY)  # of AWS's own keys, too
KEY_POLICY = Call(_KMS, "GetKeyPolicy", "the policy of key {}", resource=_KEY, kind="keys")
KEY_ROTATION = Call(
    _KMS,
    "GetKeyRotationStatus",
    "the rotation of key {}",
    absent=("UnsupportedOperationException",),  # of an asymmetric key, or of imported material
    resource=_KEY,
    kind="keys",
)

_S3 = _service("s3", "S3", "s3, a gateway or an interface")
_BUCKET = "arn:{partition}:s3:::*"
ENCRYPTION = Call(
    _S3,
    "GetBucketEncryption",
    "the encryption of bucket {}",
    absent=("ServerSideEncryptionConfigurationNotFoundError",),
    action="GetEncryptionConfiguration",
    resource=_BUCKET,
    kind="buckets",
)
VERSIONING = Call(_S3, "GetBucketVersioning", "the versioning of bucket {}", resource=_BUCKET, kind="buckets")
PUBLIC_BLOCK = Call(
    _S3,
    "GetPublicAccessBlock",
    "the public access block of bucket {}",
    absent=("NoSuchPublicAccessBlockConfiguration",),
    action="GetBucketPublicAccessBlock",
    resource=_BUCKET,
    kind="buckets",
)
BUCKET_POLICY = Call(
    _S3,
    "GetBucketPolicy",
    "the policy of bucket {}",
    absent=("NoSuchBucketPolicy",),
    resource=_BUCKET,
    kind="buckets",
)

_ECR = _service("ecr", "Amazon ECR", "ecr.api")
_REPOSITORY = "arn:{partition}:ecr:{region}:*:repository/*"  # images may be another account's
REPOSITORIES = Call(
    _ECR, "DescribeRepositories", "repository {}", "repositories", resource=_REPOSITORY, kind="repositories"
)
REPOSITORY_POLICY = Call(
    _ECR,
    "GetRepositoryPolicy",
    "the policy of repository {}",
    absent=("RepositoryPolicyNotFoundException",),
    resource=_REPOSITORY,
    kind="repositories",
)
SCANNING = Call(_ECR, "GetRegistryScanningConfiguration", "the scanning of the registry")

_SECRETS = _service("secretsmanager", "Secrets Manager", "secretsmanager")
_SECRET = "arn:{partition}:secretsmanager:{region}:{account}:secret:*"  # noqa: S105 - a pattern of ARNs
SECRET = Call(_SECRETS, "DescribeSecret", "secret {}", resource=_SECRET, kind="secrets")
SECRET_POLICY = Call(
    _SECRETS, "GetResourcePolicy", "the policy of secret {}", resource=_SECRET, kind="secrets"
)
SECRET_NAMES = Call(_SECRETS, "ListSecrets", "secrets below {}", "SecretList")

_LOGS = _service("logs", "CloudWatch Logs", "logs")
LOG_GROUPS = Call(
    _LOGS,
    "DescribeLogGroups",
    "log group {}",
    "logGroups",
    resource="arn:{partition}:logs:{region}:{account}:log-group:*",
)

_RDS = _service("rds", "RDS", "rds")
_RDS_ARN = "arn:{{partition}}:rds:{{region}}:{{account}}:{}:*"
INSTANCES_OF_RDS = Call(
    _RDS, "DescribeDBInstances", "instances of RDS", "DBInstances", resource=_RDS_ARN.format("db")
)
CLUSTERS_OF_RDS = Call(
    _RDS, "DescribeDBClusters", "clusters of RDS", "DBClusters", resource=_RDS_ARN.format("cluster")
)
SUBNET_GROUPS = Call(
    _RDS,
    "DescribeDBSubnetGroups",
    "subnet groups of RDS",
    "DBSubnetGroups",
    resource=_RDS_ARN.format("subgrp"),
)
PARAMETERS = Call(
    _RDS, "DescribeDBParameters", "parameter group {}", "Parameters", resource=_RDS_ARN.format("pg")
)
CLUSTER_PARAMETERS = Call(
    _RDS,
    "DescribeDBClusterParameters",
    "parameter group {}",
    "Parameters",
    resource=_RDS_ARN.format("cluster-pg"),
)

_CACHE = _service("elasticache", "ElastiCache", "elasticache")
_CACHE_ARN = "arn:{{partition}}:elasticache:{{region}}:{{account}}:{}:*"
REPLICATION_GROUPS = Call(
    _CACHE,
    "DescribeReplicationGroups",
    "replication groups of ElastiCache",
    "ReplicationGroups",
    resource=_CACHE_ARN.format("replicationgroup"),
)
CACHE_CLUSTERS = Call(
    _CACHE,
    "DescribeCacheClusters",
    "clusters of ElastiCache",
    "CacheClusters",
    resource=_CACHE_ARN.format("cluster"),
)
CACHE_SUBNETS = Call(
    _CACHE,
    "DescribeCacheSubnetGroups",
    "subnet groups of ElastiCache",
    "CacheSubnetGroups",
    resource=_CACHE_ARN.format("subnetgroup"),
)

_SQS = _service("sqs", "SQS", "sqs")
_QUEUE = "arn:{partition}:sqs:{region}:{account}:*"
QUEUE_URL = Call(_SQS, "GetQueueUrl", "queue {}", resource=_QUEUE, kind="queues")
QUEUE = Call(_SQS, "GetQueueAttributes", "queue {}", resource=_QUEUE, kind="queues")

_IAM = _service("iam", "IAM", "iam, in us-east-1 alone")
_ROLE = "arn:{partition}:iam::{account}:role/*"
_POLICY = "arn:{partition}:iam::{account}:policy/*"
ROLE = Call(_IAM, "GetRole", "role {}", resource=_ROLE, kind="roles")
INLINE_NAMES = Call(
    _IAM, "ListRolePolicies", "policies of role {}", "PolicyNames", resource=_ROLE, kind="roles"
)
INLINE = Call(_IAM, "GetRolePolicy", "policies of role {}", resource=_ROLE, kind="roles")
ATTACHED = Call(
    _IAM,
    "ListAttachedRolePolicies",
    "policies of role {}",
    "AttachedPolicies",
    resource=_ROLE,
    kind="roles",
)
POLICY = Call(_IAM, "GetPolicy", "policy {}", resource=_POLICY)
POLICY_VERSION = Call(_IAM, "GetPolicyVersion", "policy {}", resource=_POLICY)

_ANALYZER = _service("accessanalyzer", "IAM Access Analyzer", "access-analyzer")
_ANALYZER_ARN = "arn:{partition}:access-analyzer:{region}:{account}:analyzer/*"
ANALYZERS = Call(_ANALYZER, "ListAnalyzers", "analyzers", "analyzers")
FINDINGS = Call(
    _ANALYZER, "ListFindings", "findings of {}", "findings", resource=_ANALYZER_ARN, kind="analyzers"
)

CALLS = tuple(one for one in tuple(globals().values()) if isinstance(one, Call))
