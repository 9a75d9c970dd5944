"""What runs and what is kept in a deployment that keeps ADR-001, beside verify_network."""

from __future__ import annotations

from typing import Any

from airlock.verify.services import (
    AccessPoint,
    Analyzer,
    Bucket,
    Cache,
    Cluster,
    Container,
    Database,
    Encryption,
    FileSystem,
    Key,
    LogGroup,
    MountTarget,
    Queue,
    Repository,
    Role,
    Secret,
    Service,
    TaskDefinition,
    Volume,
)
from verify_network import ACCOUNT, REGION, SUBNETS, at, policy_of

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
BUCKET = f"arn:aws:s3:::airflow-dags-{ACCOUNT}"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:airflow/database-AbCdEf"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/airflow"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/airflow/tasks"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/airflow@sha256:{'c0' * 32}"
ENCRYPTED = Encryption(on=True, key=KEY)
SQL, BROKER = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CELERY__BROKER_URL"
API_URL = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/airflow-execution"
CHANNELS = [f"ssmmessages:{verb}{what}Channel" for verb in ("Create", "Open") for what in ("Control", "Data")]
# Component → its security group, command, and what it connects to beside the API.
COMPONENTS = {
    "api-server": ("sg-api", (SQL,)),
    "scheduler": ("sg-scheduler", (SQL, BROKER)),
    "dag-processor": ("sg-processor", (SQL,)),
    "triggerer": ("sg-triggerer", (SQL,)),
}


def keys() -> tuple[Key, ...]:
    root = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": ["kms:Describe*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:EnableKeyRotation"],
        "Resource": "*",
    }
    use = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/airflow/*"
            }
        },
    }
    names = (KEY, KEY.rpartition("/")[2], "alias/airflow")
    policy = policy_of("aws_kms_key.this", root, use, *_through_services())
    return (Key(at("aws_kms_key.this"), names, policy, rotates=True),)


def _through_services() -> tuple[dict[str, Any], ...]:
    """Return statements that leave the use of the key through services to IAM policies of the account."""
    served = ("ecr", "elasticache", "elasticfilesystem", "rds", "s3", "secretsmanager", "sqs")
    equal = {
        "kms:ViaService": [f"{one}.{REGION}.amazonaws.com" for one in served],
        "kms:CallerAccount": ACCOUNT,
    }
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Resource": "*",
    }
    use = {"Sid": "UseThroughServices", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}
    grants = {"Sid": "GrantsToServices", "Action": ["kms:CreateGrant"]}
    only_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return (
        allowed | use | {"Condition": {"StringEquals": equal}},
        allowed | grants | {"Condition": {"StringEquals": equal, **only_aws}},
    )


def only_tls(resource: str, action: str, *resources: str) -> dict[str, Any]:
    return {
        "Sid": resource,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def kept() -> dict[str, tuple[object, ...]]:
    """Return what keeps data, by the names of Inventory's fields."""
    bucket = policy_of("aws_s3_bucket_policy.dags", only_tls("TlsOnly", "s3:*", BUCKET, f"{BUCKET}/*"))
    files = policy_of("aws_efs_file_system_policy.dags", only_tls("TlsOnly", "*", "*"), _mount())
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:airflow-dead"
    dead = policy_of("aws_sqs_queue_policy.dead", only_tls("TlsOnly", "sqs:*", queue))
    return {
        "buckets": (
            Bucket(
                at("aws_s3_bucket.dags"),
                BUCKET.rpartition(":")[2],
                ENCRYPTED,
                versioned=True,
                public_blocked=True,
                policy=bucket,
            ),
        ),
        "repositories": (
            Repository(at("aws_ecr_repository.this"), "airflow", ENCRYPTED, "IMMUTABLE", scans=True),
        ),
        "file_systems": (FileSystem(at("aws_efs_file_system.dags"), "fs-1", ENCRYPTED, files),),
        "mount_targets": tuple(
            MountTarget(at("aws_efs_mount_target.dags"), "fs-1", one, ("sg-files",)) for one in SUBNETS
        ),
        "access_points": (AccessPoint(at("aws_efs_access_point.dags"), "fsap-1", "fs-1", "/dags", 50000),),
        "databases": (_database(),),
        "caches": (
            Cache(
                at("aws_elasticache_replication_group.this"),
                "airflow",
                ENCRYPTED,
                tls=True,
                subnets=SUBNETS,
                groups=("sg-cache",),
            ),
        ),
        "queues": (Queue(at("aws_sqs_queue.dead"), "airflow-dead", ENCRYPTED, dead),),
        "secrets": (Secret(at("aws_secretsmanager_secret.one"), "airflow/database", SECRET, ENCRYPTED),),
        "log_groups": (LogGroup(at("aws_cloudwatch_log_group.one"), "/airflow/tasks", ENCRYPTED, 90),),
    }


def _mount() -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"},
        "Action": "elasticfilesystem:ClientMount",
        "Resource": "*",
        "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    }


def _database() -> Database:
    return Database(
        at("aws_db_instance.this"),
        "airflow",
        "postgres",
        5432,
        ENCRYPTED,
        subnets=SUBNETS,
        groups=("sg-database",),
        forces_tls=True,
        zones=2,
        backup_days=7,
        protected=True,
    )


def runs() -> dict[str, tuple[object, ...]]:
    """Return what runs and as whom, by the names of Inventory's fields."""
    return {
        "roles": (
            _execution(),
            *(_role(one) for one in (*COMPONENTS, "worker")),
        ),
        "analyzers": (Analyzer(at("aws_accessanalyzer_analyzer.this"), "account"),),
        "clusters": (Cluster(at("aws_ecs_cluster.this"), "airflow", exec_key=KEY),),
        "services": tuple(_service(one, group) for one, (group, _) in COMPONENTS.items()),
        "task_definitions": (
            *(_definition(one, wants) for one, (_, wants) in COMPONENTS.items()),
            _definition("worker", (BROKER,)),
        ),
    }


def _service(name: str, group: str) -> Service:
    return Service(
        at(f'aws_ecs_service.this["{name}"]'),
        f"airflow-{name}",
        "airflow",
        f"airflow-{name}",
        subnets=SUBNETS,
        groups=(group,),
        breaker=True,
        rolls_back=True,
        exec_enabled=name == "scheduler",
    )


def _definition(name: str, wants: tuple[str, ...]) -> TaskDefinition:
    """Return a component's task definition; the ECS executor of the scheduler starts the worker's."""
    environment = {
        "AIRFLOW__CORE__EXECUTOR": "airflow.providers.amazon.aws.executors.ecs.AwsEcsExecutor",
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://airflow-dags-{ACCOUNT}/logs",
    }
    if name == "scheduler":
        environment |= {
            "AIRFLOW__AWS_ECS_EXECUTOR__CLUSTER": "airflow",
            "AIRFLOW__AWS_ECS_EXECUTOR__TASK_DEFINITION": "airflow-worker",
            "AIRFLOW__AWS_ECS_EXECUTOR__SUBNETS": ",".join(SUBNETS),
            "AIRFLOW__AWS_ECS_EXECUTOR__SECURITY_GROUPS": "sg-worker",
            "AIRFLOW__AWS_ECS_EXECUTOR__ASSIGN_PUBLIC_IP": "False",
        }
    if name == "worker":
        environment |= {API_URL: "http://api-server.airflow.internal:8080/execution/"}
    return TaskDefinition(
        at(f'aws_ecs_task_definition.this["{name}"]'),
        f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/airflow-{name}:1",
        f"airflow-{name}",
        network_mode="awsvpc",
        task_role=f"arn:aws:iam::{ACCOUNT}:role/airflow-{name}",
        execution_role=EXECUTION,
        containers=(_container(name, environment, wants),),
        volumes=(Volume("dags", "fs-1", "fsap-1", encrypted=True, iam=True), Volume("tmp")),
    )


def _container(name: str, environment: dict[str, str], wants: tuple[str, ...]) -> Container:
    return Container(
        name,
        IMAGE,
        command=() if name == "worker" else (name,),
        environment=environment,
        secrets={one: f"{SECRET}:{one.lower()}::" for one in wants},
        health=() if name == "worker" else ("CMD", "airlock-health", name),
        read_only=True,
        user="50000",
        log_driver="awslogs",
        log_options={
            "awslogs-group": "/airflow/tasks",
            "awslogs-region": REGION,
            "awslogs-stream-prefix": name,
        },
    )


def _assumed(resource: str) -> dict[str, Any]:
    return {
        "Sid": resource,
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }


def _allowed(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _execution() -> Role:
    place = at("aws_iam_role.execution")
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    rights = policy_of(
        "aws_iam_role_policy.execution",
        _allowed(["ecr:GetAuthorizationToken"], "*"),
        _allowed(pull, REPOSITORY),
        _allowed(["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOG_GROUP}:*"),
        _allowed(["secretsmanager:GetSecretValue"], SECRET),
        _allowed(["kms:Decrypt"], KEY),
    )
    trust = policy_of("aws_iam_role.execution", _assumed("Tasks"))
    return Role(place, EXECUTION, "airflow-execution", trust, (rights,))


def _role(name: str) -> Role:
    arn = f"arn:aws:iam::{ACCOUNT}:role/airflow-{name}"
    statements = [
        _allowed(["s3:GetObject"], f"{BUCKET}/dags/*"),
        _allowed(["s3:PutObject"], f"{BUCKET}/logs/*"),
        _allowed(["kms:Decrypt", "kms:GenerateDataKey"], KEY),
    ]
    if name == "scheduler":
        tasks = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/airflow-worker:*"
        worker = f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"
        passed = _allowed(["iam:PassRole"], worker, EXECUTION)
        passed["Condition"] = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        statements += [_allowed(["ecs:RunTask"], tasks), passed, _allowed(CHANNELS, "*")]
    trust = policy_of(f"aws_iam_role.{name}", _assumed("Tasks"))
    rights = policy_of(f"aws_iam_role_policy.{name}", *statements)
    return Role(at(f"aws_iam_role.{name}"), arn, f"airflow-{name}", trust, (rights,))
