"""What classes and functions lead to, with classes that look as Airflow's do."""

from __future__ import annotations

import gc
import linecache
import weakref
from typing import TYPE_CHECKING, Any, cast

import boto3
import requests

from airflow_doubles import AwsGenericHook, BaseHook, BaseOperator, BaseTrigger, EmrHook, S3Hook, SlackHook
from airlock_probe import reachable

if TYPE_CHECKING:
    from pathlib import Path
    from types import FunctionType


def of(kind: type, *, deferred: bool = False) -> dict[str, list[str]]:
    reach = reachable.of_class(kind, deferred=deferred)
    return {"services": sorted(reach.services), "hosts": sorted(reach.hosts)}


def of_function(function: Any) -> tuple[dict[str, str], dict[str, str]]:
    reach = reachable.of_function(cast("FunctionType", function))
    return reach.services, reach.hosts


class Emr(BaseOperator):
    aws_hook_class = EmrHook
    hook: Any

    def execute(self) -> None:
        self.hook.add_steps()


class EmrUploading(Emr):
    def execute(self) -> None:
        super().execute()
        self.hook.upload()


class EmrAsking(Emr):
    def execute(self) -> None:
        self._ask()

    def _ask(self) -> None:
        self.hook.whose()


def test_a_hook_class_leads_to_its_client() -> None:
    assert of(Emr) == {"services": ["elasticmapreduce"], "hosts": []}


def test_of_a_hook_only_what_is_called_counts() -> None:
    assert of(EmrUploading)["services"] == ["elasticmapreduce", "s3"]
    assert of(EmrAsking)["services"] == ["elasticmapreduce", "sts"]


class OfParameters(BaseOperator):
    aws_hook_class = AwsGenericHook

    @property
    def _hook_parameters(self) -> dict[str, str]:
        return {"client_type": "databrew"}


class Inline(BaseOperator):
    def execute(self) -> None:
        AwsGenericHook(client_type="iam").get_session()


class Unknown(BaseOperator):
    aws_hook_class = AwsGenericHook


def test_a_client_may_be_named_where_the_hook_is_made() -> None:
    assert of(OfParameters)["services"] == ["databrew"]
    assert of(Inline)["services"] == ["iam"]


def test_a_hook_whose_client_does_not_show_says_why() -> None:
    assert of(Unknown)["services"] == []
    assert "which client it makes does not show" in reachable.of_class(Unknown, deferred=False).unread[0]


class Steps(BaseTrigger):
    def hook(self) -> Any:
        return S3Hook()


class Deferring(BaseOperator):
    aws_hook_class = EmrHook
    defer: Any

    def execute(self) -> None:
        self.defer(trigger=Steps(), method_name="resume_at")

    def resume_at(self) -> None:
        AwsGenericHook(client_type="sns")


def test_triggers_count_where_a_task_defers_and_where_it_resumes_always() -> None:
    assert of(Deferring)["services"] == ["elasticmapreduce", "sns"]
    assert of(Deferring, deferred=True)["services"] == ["elasticmapreduce", "s3", "sns"]


class SlackToS3(BaseOperator):
    def execute(self) -> None:
        S3Hook().load()
        SlackHook()


CALLED: list[str] = []


class OwnHook(AwsGenericHook):
    """Not Airflow's: its constructor is read, never called."""

    __module__ = "hooks_of_ours"

    def __init__(self) -> None:
        CALLED.append("OwnHook")
        super().__init__(client_type="athena")


class Ours(BaseOperator):
    def execute(self) -> None:
        OwnHook()


class Plain(BaseOperator):
    def execute(self) -> None:
        BaseHook()


def test_both_sides_of_a_transfer_count() -> None:
    assert of(SlackToS3) == {"services": ["s3"], "hosts": ["slack.com"]}


def test_a_hook_of_ones_own_is_read_and_not_called() -> None:
    assert of(Ours)["services"] == ["athena"]
    assert CALLED == []


def test_what_reaches_nothing_known_needs_nothing() -> None:
    assert of(Plain) == of(BaseOperator) == {"services": [], "hosts": []}


def helper() -> None:
    boto3.client("events").put_events()


PARTNER = "https://api.partner.com/v1"


def by_boto3(session: Any, name: str) -> None:
    boto3.client("sqs")
    boto3.resource("dynamodb")
    session.client("stepfunctions")
    boto3.client(name)  # type: ignore[call-overload]
    boto3.client("no-such-service")  # type: ignore[call-overload]
    helper()


def of_other_things(store: Any) -> None:
    store.client("config")
    store.resource("events")
    store.get("https-is-no-url")


def by_http() -> None:
    requests.get(PARTNER, timeout=1)
    requests.post("http://warehouse.internal/x", timeout=1)
    requests.get("https://sns.eu-west-1.amazonaws.com/", timeout=1)


def by_hooks() -> None:
    from airflow.providers.slack.hooks.slack import SlackHook as Other  # noqa: PLC0415
    from slack_sdk import WebClient  # type: ignore[import-not-found] # noqa: PLC0415

    EmrHook().upload()
    Other(slack_conn_id="slack")
    WebClient()


def test_clients_by_their_literal_names_and_in_helpers_too() -> None:
    assert of_function(by_boto3) == (dict.fromkeys(("sqs", "dynamodb", "states", "events"), "boto3"), {})


def test_what_only_looks_like_a_client_is_none() -> None:
    assert of_function(of_other_things) == ({}, {})


def test_a_literal_url_leads_to_its_host_where_that_is_public() -> None:
    assert of_function(by_http) == ({"sns": "requests.api.get"}, {"api.partner.com": "requests.api.get"})


def test_hooks_and_libraries_in_a_function_are_seen_though_they_are_not_installed() -> None:
    services, hosts = of_function(by_hooks)

    assert services == {
        "elasticmapreduce": "airflow.providers.amazon.aws.hooks.emr.EmrHook",
        "s3": "airflow.providers.amazon.aws.hooks.s3.S3Hook",
    }
    assert list(hosts) == ["slack.com"]


def test_code_without_source_is_told_and_reaches_nothing() -> None:
    space: dict[str, Any] = {}
    exec("def made(): boto3.client('sqs')", {**globals(), "__name__": __name__}, space)  # noqa: S102

    assert of_function(space["made"]) == ({}, {})


def test_code_that_calls_itself_for_ever_ends() -> None:
    def one() -> None:
        two()

    def two() -> None:
        one()
        boto3.client("sns")

    assert of_function(one)[0] == {"sns": "boto3"}


class Helper:
    def ask(self) -> None:
        boto3.client("athena")

    def leave(self) -> None:
        boto3.client("glue")


QUEUES = boto3.client("sqs", region_name="eu-west-1")
TABLES = boto3.resource("dynamodb", region_name="eu-west-1")
STEPS = EmrHook()
HELPER = Helper()


def by_what_the_module_made() -> None:
    QUEUES.list_queues()
    TABLES.Table("orders")
    STEPS.upload()
    HELPER.ask()


def by_names_of_its_own() -> None:
    session = boto3.Session()
    other = session
    other.client("kinesis")
    made = boto3.Session()
    made.client(service_name="firehose")


def test_what_a_module_made_once_counts_where_a_function_uses_it() -> None:
    assert set(of_function(by_what_the_module_made)[0]) == {
        "sqs",
        "dynamodb",
        "elasticmapreduce",
        "s3",
        "athena",
    }


def test_a_session_is_known_by_what_a_name_was_set_to() -> None:
    assert set(of_function(by_names_of_its_own)[0]) == {"kinesis-streams", "kinesis-firehose"}


def test_nothing_of_a_bundle_is_kept(tmp_path: Path) -> None:
    source = "import boto3\nclass Kind:\n    def execute(self):\n        boto3.client('sqs')\n"
    (tmp_path / "dag.py").write_text(source)
    space: dict[str, Any] = {"__name__": "dag"}
    exec(compile(source, str(tmp_path / "dag.py"), "exec"), space)  # noqa: S102
    gone = weakref.ref(space["Kind"])

    assert of(space["Kind"])["services"] == ["sqs"]
    assert set(of_function(space["Kind"].execute)[0]) == {"sqs"}

    space.clear()
    reachable.forget()
    gc.collect()
    assert gone() is None
    assert str(tmp_path / "dag.py") not in linecache.cache
