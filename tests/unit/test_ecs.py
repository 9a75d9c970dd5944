"""ECS through boto3, against moto: the shapes that are asked for and given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore import exceptions as of_boto

import moto_ecs
from airlock import aws, ecs
from airlock.aws import Asking
from airlock.deploy.cluster import Order, is_passing
from airlock.deploy.deploying import Deployment, deploy
from airlock.deploy.plan import Wanted
from airlock.ecs import Ecs
from airlock.errors import AwsError, DeployError
from airlock.terminal import Terminal
from memory_ecs import IMAGE, NEW, OLD, Time

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

    from moto_ecs import Made


@pytest.fixture
def made(aws: None) -> Made:
    return moto_ecs.make()


@pytest.fixture
def cluster(made: Made) -> Ecs:
    return ecs.connect(moto_ecs.CLUSTER)


def test_services_are_told_with_where_their_tasks_run(made: Made, cluster: Ecs) -> None:
    arn = made.service("api", OLD)
    told = cluster.services(["api", "none"])
    assert list(told) == ["api"]
    assert (told["api"].status, told["api"].controller, told["api"].definition) == ("ACTIVE", "ECS", arn)
    assert (told["api"].desired, told["api"].running) == (1, 0)
    assert told["api"].placement == {"launchType": "FARGATE", "networkConfiguration": made.network}
    assert told["api"].primary is not None
    assert told["api"].primary.definition == arn
    assert not told["api"].is_stable


def test_many_services_are_asked_for_ten_at_a_time(made: Made, cluster: Ecs) -> None:
    names = [f"s{number}" for number in range(23)]
    for name in names:
        made.service(name, OLD)
    sizes: list[int] = []
    cluster._client.meta.events.register(
        "provide-client-params.ecs.DescribeServices",
        lambda params, **_: sizes.append(len(params["services"])),
    )
    assert list(cluster.services(names)) == names
    assert sizes == [10, 10, 3]


def test_a_definition_can_be_registered_as_it_was_read(made: Made, cluster: Ecs) -> None:
    arn = made.service("api", OLD, tags={"team": "data"})
    read = cluster.definition(arn)
    again = cluster.definition(cluster.register(read.content))
    assert (read.name, again.name) == ("api:1", "api:2")
    assert again.content == read.content
    assert read.content["tags"] == [{"key": "team", "value": "data"}]
    assert read.content["containerDefinitions"][0]["secrets"]
    assert {"cpu", "memory", "networkMode", "executionRoleArn"} <= set(read.content)
    assert not {"revision", "status", "compatibilities", "registeredAt"} & set(read.content)
    assert cluster.definition("api").name == "api:2"


def test_a_deregistered_definition_is_known_for_one(made: Made, cluster: Ecs) -> None:
    arn = made.service("api", OLD)
    assert cluster.definition(arn).is_active
    made.client.deregister_task_definition(taskDefinition=arn)
    assert not cluster.definition(arn).is_active


@pytest.mark.parametrize("tags", [{}, {"aws:cloudformation:stack-name": "airflow"}])
def test_tags_that_may_not_be_set_and_none_at_all_are_left_out(
    made: Made, cluster: Ecs, tags: dict[str, str]
) -> None:
    assert "tags" not in cluster.definition(made.service("api", OLD, tags=tags)).content


def test_what_a_definition_holds_is_in_no_repr(made: Made, cluster: Ecs) -> None:
    assert "secretsmanager" not in repr(cluster.definition(made.service("api", OLD)))


def test_a_service_is_updated_with_a_task_definition_and_nothing_else(made: Made, cluster: Ecs) -> None:
    made.service("api", OLD)
    arn = cluster.register(cluster.definition("api").content)
    asked: list[Any] = []
    cluster._client.meta.events.register(
        "provide-client-params.ecs.UpdateService", lambda params, **_: asked.append(dict(params))
    )
    cluster.update("api", arn)
    assert asked == [{"cluster": "prod", "service": "api", "taskDefinition": arn}]
    assert cluster.services(["api"])["api"].definition == arn


def test_a_task_is_run_where_the_service_is_and_found_by_who_started_it(made: Made, cluster: Ecs) -> None:
    arn = made.service("api", OLD, tags={"team": "data"})
    placement = cluster.services(["api"])["api"].placement
    order = Order(arn, placement, {"api": ("airflow", "db", "migrate")}, "airlock-migrate", has_tags=True)
    ran = cluster.run(order)
    assert cluster.started("airlock-migrate") == [ran]
    assert cluster.started("somebody") == []
    (told,) = cluster.tasks([ran])
    assert (told.arn, told.definition) == (ran, arn)
    (raw,) = made.client.describe_tasks(cluster="prod", tasks=[ran])["tasks"]
    assert raw["overrides"]["containerOverrides"] == [
        {"name": "api", "command": ["airflow", "db", "migrate"]}
    ]
    cluster.stop(ran, "enough")
    assert cluster.started("airlock-migrate") == []
    (told,) = cluster.tasks([ran])
    assert (told.status, told.reason) == ("STOPPED", "enough")
    assert ran in [one.arn for one in cluster.stopped("api")]


def test_no_tasks_are_asked_for_where_there_are_none(made: Made, cluster: Ecs) -> None:
    made.service("api", OLD)
    assert cluster.stopped("api") == []


def test_a_cluster_that_is_not_there_has_awss_own_code(aws: None) -> None:
    with pytest.raises(AwsError, match="cannot read services of cluster none") as caught:
        ecs.connect("none").services(["api"])
    assert caught.value.code == "ClusterNotFoundException"


def test_a_whole_deployment(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    first = made.service("api", OLD, tags={"team": "data"})
    made.service("scheduler", OLD)
    cluster = moto_ecs.Lively(
        moto_ecs.CLUSTER, cast("Asking[ECSClient]", aws.connect(ecs.SERVICE, "cluster prod"))
    )
    acting = Deployment(cluster, Time().pace(), Terminal())
    wanted = Wanted(("api", "scheduler"), "api")
    done = deploy(cluster, IMAGE, wanted, acting, Terminal())
    for name in ("api", "scheduler"):
        (service,) = made.client.describe_services(cluster="prod", services=[name])["services"]
        definition = made.client.describe_task_definition(
            taskDefinition=service["taskDefinition"], include=["TAGS"]
        )
        assert definition["taskDefinition"]["containerDefinitions"][0]["image"] == NEW
        assert definition.get("tags", []) == ([{"key": "team", "value": "data"}] if name == "api" else [])
    (task,) = made.client.list_tasks(cluster="prod", startedBy="airlock-migrate")["taskArns"]
    assert done["migration"]["task"] == task.rpartition("/")[2]
    assert done["services"][0]["from"] == first
    assert "registered scheduler:2" in capsys.readouterr().err
    again = deploy(cluster, IMAGE, wanted, acting, Terminal())
    assert not again["changed"]


class Canned:
    """A client that answers one thing, and remembers what it was asked for."""

    def __init__(self, answer: Any) -> None:
        self.meta = SimpleNamespace(endpoint_url="https://ecs.example.invalid", region_name="eu-west-1")
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def run_task(self, **asked: Any) -> Any:
        self.asked.append(asked)
        answer = self.answer.pop(0) if isinstance(self.answer, list) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    describe_services = describe_tasks = list_tasks = run_task

    def cluster(self) -> Ecs:
        return Ecs("prod", Asking(ecs.SERVICE, cast("ECSClient", self), 5))


SERVICE = {"serviceName": "api", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2}


def test_a_service_by_capacity_providers_has_no_launch_type() -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    told = SERVICE | {
        "launchType": "FARGATE",
        "capacityProviderStrategy": strategy,
        "platformVersion": "1.4.0",
        "placementConstraints": [],
    }
    (service,) = Canned({"services": [told]}).cluster().services(["api"]).values()
    assert service.placement == {"capacityProviderStrategy": strategy, "platformVersion": "1.4.0"}


def test_events_are_told_the_oldest_first_and_a_foreign_controller_by_its_name() -> None:
    events = [{"id": "2", "message": "second"}, {"id": "1", "message": "first"}]
    told = SERVICE | {"events": events, "deploymentController": {"type": "CODE_DEPLOY"}}
    (service,) = Canned({"services": [told]}).cluster().services(["api"]).values()
    assert [one.text for one in service.events] == ["first", "second"]
    assert (service.controller, service.definition, service.primary) == ("CODE_DEPLOY", "", None)
    assert not service.is_stable


def test_a_task_that_stopped_is_told_with_all_reasons() -> None:
    container = {"name": "api", "lastStatus": "STOPPED", "exitCode": 0, "reason": "why"}
    told = {
        "taskArn": "arn/t1",
        "taskDefinitionArn": "arn/api:2",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "because",
        "containers": [container, {"name": "otel"}],
    }
    (task,) = Canned({"tasks": [told]}).cluster().tasks(["arn/t1"])
    assert (task.id, task.code, task.reason) == ("t1", "EssentialContainerExited", "because")
    assert (task.container("api").exit_code, task.container("api").reason) == (0, "why")
    assert task.container("otel").exit_code is None


def test_a_long_list_of_tasks_is_whole() -> None:
    told = [{"taskArn": name, "taskDefinitionArn": "arn/api:2", "lastStatus": "RUNNING"} for name in "ab"]
    canned = Canned([{"taskArns": ["a"], "nextToken": "n"}, {"taskArns": ["b"]}, {"tasks": told}])
    assert canned.cluster().started("me") == ["a", "b"]
    assert [asked.get("nextToken") for asked in canned.asked] == [None, "n", None]
    assert canned.asked[-1]["tasks"] == ["a", "b"]


def test_tags_go_from_the_definition_to_the_task() -> None:
    canned = Canned({"tasks": [{"taskArn": "arn/t1"}]})
    canned.cluster().run(Order("arn/api:2", {}, {"api": ("a",)}, "me", has_tags=True))
    canned.cluster().run(Order("arn/api:2", {}, {"api": ("a",)}, "me"))
    assert [asked.get("propagateTags") for asked in canned.asked] == ["TASK_DEFINITION", None]


def test_variables_go_to_every_container_that_has_a_command() -> None:
    canned = Canned({"tasks": [{"taskArn": "arn/t1"}]})
    canned.cluster().run(Order("arn/api:2", {}, {"a": ("x",), "b": ("y",)}, "me", environment={"K": ""}))
    (asked,) = canned.asked
    given = [{"name": "K", "value": ""}]
    assert asked["overrides"]["containerOverrides"] == [
        {"name": "a", "command": ["x"], "environment": given},
        {"name": "b", "command": ["y"], "environment": given},
    ]


def test_a_task_without_a_place_is_told() -> None:
    canned = Canned(
        {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}, {"reason": "AGENT", "detail": "off"}]}
    )
    with pytest.raises(DeployError, match="no place for a task of api:2") as caught:
        canned.cluster().run(Order("arn/api:2", {}, {}, "me"))
    assert caught.value.cause == "RESOURCE:MEMORY\nAGENT off"


@pytest.mark.parametrize(
    ("code", "passes", "remedy"),
    [
        ("ThrottlingException", True, "run it again"),
        ("ServerException", True, "run it again"),
        ("AccessDeniedException", False, "iam:PassRole"),
        ("ExpiredTokenException", False, "aws sso login"),
    ],
)
def test_a_refusal_is_told_and_known_for_one_that_passes(code: str, *, passes: bool, remedy: str) -> None:
    error = of_boto.ClientError({"Error": {"Code": code, "Message": "said"}}, "X")
    with pytest.raises(AwsError, match="cannot read services of cluster prod") as caught:
        Canned(error).cluster().services(["api"])
    assert is_passing(caught.value) == passes
    assert remedy in caught.value.remedy


def test_silence_passes_and_names_the_endpoint() -> None:
    with pytest.raises(AwsError, match="ECS does not answer") as caught:
        Canned(of_boto.ReadTimeoutError(endpoint_url="u")).cluster().services(["api"])
    assert is_passing(caught.value)
    assert "interface VPC endpoint" in caught.value.remedy
