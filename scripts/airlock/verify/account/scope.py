"""Which resources belong to a deployment: what the project names, and what its task definitions name."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from airlock import ecr
from airlock_spec import configured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.services import Container, TaskDefinition

_BUCKET = re.compile(r"\bs3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")
_QUEUE = re.compile(
    r"https://(?:sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue)\.amazonaws\.com(?:\.cn)?/[0-9]{12}/([A-Za-z0-9_.-]+)"
)
_LOG_GROUP = re.compile(r"\bcloudwatch://arn:[a-z-]+:logs:[a-z0-9-]+:[0-9]{12}:log-group:([^:\s]+)")
# A reference may go on with a key of JSON, a stage and a version, which are no part of the secret's ARN.
_SECRET = re.compile(r"(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:\s]+)")
_PREFIXES = ("connections_prefix", "variables_prefix", "config_prefix")  # of the secrets backend
_EXECUTOR = "AIRFLOW__AWS_ECS_EXECUTOR__"
_AIRFLOW_QUEUE = "default"  # [operators] default_queue, where nothing is set


@dataclass(frozen=True)
class Scope:
    """Where a deployment begins: its cluster, or VPCs, and what the project names beside them."""

    cluster: str = ""  # a name or an ARN
    vpcs: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()  # s3://BUCKET/PREFIX: [tool.airlock.sync] to
    repositories: tuple[str, ...] = ()  # HOST/PATH: [tool.airlock.push] repository
    roles: tuple[str, ...] = ()  # names or ARNs of roles that no task has, as a release job's


@dataclass(frozen=True)
class Repository:
    """A repository of ECR, of perhaps another account."""

    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Named:
    """What belongs to a deployment by its name, each once."""

    roles: tuple[str, ...] = ()  # ARNs
    repositories: tuple[Repository, ...] = ()
    secrets: tuple[str, ...] = ()  # ARNs
    secret_prefixes: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    file_systems: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()

    def __add__(self, other: Named) -> Named:
        both = {one.name: (*getattr(self, one.name), *getattr(other, one.name)) for one in fields(self)}
        return Named(**{name: tuple(dict.fromkeys(listed)) for name, listed in both.items()})


def named(scope: Scope, definitions: Iterable[TaskDefinition]) -> Named:
    """Return what belongs to a deployment by name."""
    listed = list(definitions)
    containers = [one for definition in listed for one in definition.containers]
    texts = [*scope.locations, *(text for one in containers for text in _texts(one))]
    images = [*(one.image for one in containers), *scope.repositories]
    return Named(
        roles=_once(
            (*scope.roles, *(role for one in listed for role in (one.task_role, one.execution_role)))
        ),
        repositories=tuple(dict.fromkeys(found for image in images if (found := _repository(image)))),
        secrets=_once(
            arn for one in containers for text in one.secrets.values() for arn in _SECRET.findall(text)
        ),
        secret_prefixes=_once(prefix for one in containers for prefix in _secret_prefixes(one)),
        log_groups=_once(
            (
                *(one.log_options.get("awslogs-group", "") for one in containers),
                *(group for text in texts for group in _LOG_GROUP.findall(text)),
            )
        ),
        file_systems=_once(volume.file_system for one in listed for volume in one.volumes),
        buckets=_once(bucket for text in texts for bucket in _BUCKET.findall(text)),
        queues=_once(
            (
                *(queue for text in texts for queue in _QUEUE.findall(text)),
                *(queue for one in containers for queue in _default_queue(one.environment)),
            )
        ),
    )


def executors_definitions(containers: Iterable[Container]) -> tuple[str, ...]:
    """Return the task definitions that the ECS executor runs tasks by, as environments name them."""
    return _once(one.environment.get(f"{_EXECUTOR}TASK_DEFINITION", "") for one in containers)


def _texts(container: Container) -> Iterator[str]:
    yield from container.environment.values()
    yield from container.command


def _repository(image: str) -> Repository | None:
    host, _, path = image.partition("/")
    found = ecr.parse(host)
    if found is None or not path:
        return None
    return Repository(found.account, found.region, path.partition("@")[0].partition(":")[0])


def _secret_prefixes(container: Container) -> Iterator[str]:
    """Find where Airflow's secrets backend looks, where that is Secrets Manager."""
    for section, key in (("SECRETS", "BACKEND"), ("WORKERS", "SECRETS_BACKEND")):
        backend = container.environment.get(f"AIRFLOW__{section}__{key}", "")
        if not backend.endswith(".SecretsManagerBackend"):
            continue
        arguments = configured.bundles(
            f"[{container.environment.get(f'AIRFLOW__{section}__{key}_KWARGS') or '{}'}]"
        )
        given = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        for name in _PREFIXES:
            prefix = given.get(name, f"airflow/{name.removesuffix('_prefix')}")
            if isinstance(prefix, str):  # null: it is not looked there
                yield prefix


def _default_queue(environment: Mapping[str, str]) -> Iterator[str]:
    """Find the queue of Celery over SQS, which has the name of Airflow's default queue."""
    if environment.get("AIRFLOW__CELERY__BROKER_URL", "").startswith("sqs:"):
        yield environment.get("AIRFLOW__OPERATORS__DEFAULT_QUEUE", _AIRFLOW_QUEUE)


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if one))
