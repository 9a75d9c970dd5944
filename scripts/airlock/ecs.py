"""A cluster of Amazon ECS: services, task definitions and tasks, through boto3."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airlock import aws
from airlock.aws import PATIENCE
from airlock.aws_failures import Service as AwsService
from airlock.deploy.cluster import Container, Definition, Deployment, Event, Service, Task, short
from airlock.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

    from airlock.aws import Asking, Patience
    from airlock.deploy.cluster import Order

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12

_SERVICES_A_CALL = 10  # API reference of DescribeServices
_TASKS_A_CALL = 100  # of DescribeTasks
_DENIED = (
    "allow these credentials what docs/deploy.md lists: ecs:… on this cluster and its services, and iam:PassRole\n"
    "on the task's two roles; the VPC endpoint's policy may refuse, too. Whose they are: aws sts get-caller-identity"
)
SERVICE = AwsService("ecs", "ECS", _DENIED, "an interface VPC endpoint of the region (ecs)")
_RESERVED = "aws:"  # tags that CloudFormation and others set, and nobody else may
# What a task that is run once takes over from the service, and RunTask knows by the same name.
_PLACEMENT = (
    "networkConfiguration",
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "placementConstraints",
    "placementStrategy",
    "enableECSManagedTags",
)


def connect(cluster: str, patience: Patience = PATIENCE) -> Ecs:
    """Return a cluster, given its name or ARN. Raises AwsError without credentials."""
    return Ecs(cluster, aws.connect(SERVICE, f"cluster {cluster}", patience=patience))


class Ecs:
    """An `airlock.deploy.cluster.Cluster`."""

    def __init__(self, name: str, asking: Asking[ECSClient]) -> None:
        self.name = name
        self._asking = asking
        self._client = asking.client

    @property
    def region(self) -> str:
        return self._asking.region

    def services(self, names: Sequence[str]) -> dict[str, Service]:
        found: list[Service] = []
        for part in _parts(names, _SERVICES_A_CALL):
            answer = self._ask(
                "read",
                f"services of cluster {self.name}",
                partial(self._client.describe_services, cluster=self.name, services=part),
            )
            found += [_service(one) for one in answer["services"]]
        return {one.name: one for one in found}

    def definition(self, name: str) -> Definition:
        answer = self._ask(
            "read",
            f"task definition {short(name)}",
            lambda: self._client.describe_task_definition(taskDefinition=name, include=["TAGS"]),
        )
        described = answer["taskDefinition"]
        content = {key: value for key, value in described.items() if key in self._taken}
        tags = [tag for tag in answer.get("tags", []) if not str(tag.get("key", "")).startswith(_RESERVED)]
        if tags:  # an empty list is refused
            content["tags"] = tags
        return Definition(described["taskDefinitionArn"], content, described["status"] == "ACTIVE")

    def register(self, content: Mapping[str, Any]) -> str:
        request: Any = dict(content)
        answer = self._ask(
            "register",
            f"a revision of {request['family']}",
            lambda: self._client.register_task_definition(**request),
        )
        return answer["taskDefinition"]["taskDefinitionArn"]

    def update(self, service: str, definition: str) -> None:
        self._ask(
            "update",
            f"service {service}",
            lambda: self._client.update_service(
                cluster=self.name, service=service, taskDefinition=definition
            ),
        )

    def run(self, order: Order) -> str:
        request: Any = {"cluster": self.name, "taskDefinition": order.definition, "count": 1}
        request |= {**order.placement, "startedBy": order.started_by}
        variables = [{"name": name, "value": value} for name, value in order.environment.items()]
        more: dict[str, Any] = {"environment": variables} if variables else {}
        overrides = [{"name": name, "command": list(words), **more} for name, words in order.commands.items()]
        request["overrides"] = {"containerOverrides": overrides}
        if order.has_tags:
            request["propagateTags"] = "TASK_DEFINITION"
        answer = self._ask(
            "run", f"a task of {short(order.definition)}", lambda: self._client.run_task(**request)
        )
        if answer["tasks"]:
            return answer["tasks"][0]["taskArn"]
        failures = [f"{one.get('reason', '')} {one.get('detail', '')}" for one in answer.get("failures", [])]
        raise DeployError(
            f"ECS has no place for a task of {short(order.definition)}",
            cause="\n".join(line.strip() for line in failures) or "it says no more",
            remedy=f"aws ecs describe-clusters --clusters {self.name} --include STATISTICS ATTACHMENTS",
        )

    def stop(self, task: str, reason: str) -> None:
        self._ask(
            "stop",
            f"task {short(task)}",
            lambda: self._client.stop_task(cluster=self.name, task=task, reason=reason),
        )

    def tasks(self, arns: Sequence[str]) -> list[Task]:
        found: list[Task] = []
        for part in _parts(arns, _TASKS_A_CALL):
            answer = self._ask(
                "read",
                f"tasks of cluster {self.name}",
                partial(self._client.describe_tasks, cluster=self.name, tasks=part),
            )
            found += [_task(one) for one in answer["tasks"]]
        return found

    def stopped(self, service: str) -> list[Task]:
        return self.tasks(self._listed({"serviceName": service, "desiredStatus": "STOPPED"}))

    def started(self, by: str) -> list[str]:
        listed = self._listed({"startedBy": by})  # by what they are to be: one may have ended since
        return [one.arn for one in self.tasks(listed) if one.status != "STOPPED"]

    def _listed(self, chosen: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        request: dict[str, Any] = {"cluster": self.name, **chosen}
        while True:
            page = self._ask(
                "list", f"tasks of cluster {self.name}", lambda: self._client.list_tasks(**request)
            )
            found += page["taskArns"]
            if not page.get("nextToken"):
                return found
            request["nextToken"] = page["nextToken"]

    @property
    def _taken(self) -> set[str]:
        """The fields that RegisterTaskDefinition takes, by this boto3's model; it reads no others, too."""
        model: Any = self._client.meta.service_model
        return set(model.operation_model("RegisterTaskDefinition").input_shape.members)

    def _ask(self, doing: str, where: str, request: Callable[[], _T]) -> _T:
        return self._asking.ask(doing, where, request)


def _parts(names: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield list(names[start : start + size])


def _service(told: ServiceTypeDef) -> Service:
    placement: dict[str, Any] = {key: told[key] for key in _PLACEMENT if told.get(key)}  # type: ignore[literal-required]
    if "capacityProviderStrategy" in placement:
        placement.pop("launchType", None)  # RunTask takes one of the two
    return Service(
        name=told["serviceName"],
        status=told["status"],
        controller=told.get("deploymentController", {}).get("type", "ECS"),
        definition=told.get("taskDefinition", ""),
        desired=told["desiredCount"],
        running=told["runningCount"],
        deployments=tuple(
            Deployment(
                id=one["id"],
                is_primary=one["status"] == "PRIMARY",
                definition=one["taskDefinition"],
                state=one.get("rolloutState", ""),
                reason=one.get("rolloutStateReason", ""),
                desired=one.get("desiredCount", 0),
                running=one.get("runningCount", 0),
            )
            for one in told.get("deployments", [])
        ),
        events=tuple(Event(one["id"], one["message"]) for one in reversed(told.get("events", []))),
        placement=placement,
    )


def _task(told: TaskTypeDef) -> Task:
    return Task(
        arn=told["taskArn"],
        definition=told["taskDefinitionArn"],
        status=told["lastStatus"],
        containers=tuple(
            Container(one["name"], one.get("lastStatus", ""), one.get("exitCode"), one.get("reason", ""))
            for one in told.get("containers", [])
        ),
        code=told.get("stopCode", ""),
        reason=told.get("stoppedReason", ""),
    )
