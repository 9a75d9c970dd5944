"""What runs and what is kept in a deployment, as rules see it, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.verify.network import Place
    from airlock.verify.policy import Policy


@dataclass(frozen=True)
class Key:
    """A customer-managed key of KMS; `names` are its ARN, id and aliases, by any of which others name it."""

    place: Place
    names: tuple[str, ...]
    policy: Policy | None = None
    rotates: bool = False


@dataclass(frozen=True)
class Encryption:
    """How something is encrypted at rest: `key` is "" where AWS's own key is used, or none."""

    on: bool
    key: str = ""


@dataclass(frozen=True)
class Bucket:
    """A bucket of S3."""

    place: Place
    name: str
    encryption: Encryption
    versioned: bool = False
    public_blocked: bool = False  # all four settings of it
    policy: Policy | None = None


@dataclass(frozen=True)
class Repository:
    """A repository of ECR; `mutability` as ECR has it, `excluded` are patterns of tags that it does not hold for."""

    place: Place
    name: str
    encryption: Encryption
    mutability: str = "MUTABLE"
    excluded: tuple[str, ...] = ()
    scans: bool = False
    policy: Policy | None = None


@dataclass(frozen=True)
class FileSystem:
    """A file system of EFS."""

    place: Place
    id: str
    encryption: Encryption
    policy: Policy | None = None


@dataclass(frozen=True)
class MountTarget:
    """Where a file system is reached, on port 2049."""

    place: Place
    file_system: str
    subnet: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccessPoint:
    """A way into one folder of a file system, as one user."""

    place: Place
    id: str
    file_system: str
    path: str = "/"
    uid: int | None = None


@dataclass(frozen=True)
class Database:
    """An instance or a cluster of RDS."""

    place: Place
    id: str
    engine: str
    port: int
    encryption: Encryption
    public: bool = False
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    forces_tls: bool | None = None  # None: nothing says
    zones: int = 1
    backup_days: int = 0
    protected: bool = False  # from deletion


@dataclass(frozen=True)
class Cache:
    """Valkey or Redis of ElastiCache."""

    place: Place
    id: str
    encryption: Encryption
    tls: bool = False
    port: int = 6379
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Queue:
    """A queue of SQS; encrypted by SQS's own key where `encryption.key` is ""."""

    place: Place
    name: str
    encryption: Encryption
    policy: Policy | None = None


@dataclass(frozen=True)
class Secret:
    """A secret of Secrets Manager; never its value."""

    place: Place
    name: str
    arn: str
    encryption: Encryption
    policy: Policy | None = None


@dataclass(frozen=True)
class LogGroup:
    """A log group of CloudWatch; `retention` is days, 0 for ever."""

    place: Place
    name: str
    encryption: Encryption
    retention: int = 0


@dataclass(frozen=True)
class Role:
    """A role: who may take it, its policies (inline, and customer-managed), and the ARNs of AWS-managed ones."""

    place: Place
    arn: str
    name: str
    trust: Policy | None = None
    policies: tuple[Policy, ...] = ()
    managed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """A container of a task definition; of `secrets` only names and where they come from are known."""

    name: str
    image: str
    essential: bool = True
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)  # variable → ARN
    health: tuple[str, ...] = ()
    read_only: bool = False
    privileged: bool = False
    user: str = ""
    log_driver: str = ""
    log_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Volume:
    """A volume of a task definition; `file_system` is "" where it is no EFS."""

    name: str
    file_system: str = ""
    access_point: str = ""
    encrypted: bool = False  # in transit
    iam: bool = False


@dataclass(frozen=True)
class TaskDefinition:
    """A task definition; `id` is its ARN, and families without a revision name the newest."""

    place: Place
    id: str
    family: str
    network_mode: str = ""
    task_role: str = ""  # ARNs
    execution_role: str = ""
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()


@dataclass(frozen=True)
class Service:
    """A service of ECS."""

    place: Place
    name: str
    cluster: str
    task_definition: str
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    public_address: bool = False
    breaker: bool = False
    rolls_back: bool = False
    exec_enabled: bool = False
    desired: int = 1
    running: int | None = None  # None: nothing says (Terraform)
    events: tuple[str, ...] = ()  # the newest first (live)


@dataclass(frozen=True)
class Cluster:
    """A cluster of ECS; `exec_key` is the key of ECS Exec's sessions."""

    place: Place
    name: str
    exec_key: str = ""


@dataclass(frozen=True)
class Analyzer:
    """IAM Access Analyzer: what it says of whom from outside may do what (live)."""

    place: Place
    name: str
    active: tuple[str, ...] = ()  # findings, a line each
