from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field

import pytest

from airlock_operators.endpoints import Preflight, Reached, Unmet, report
from airlock_spec.configured import FARGATE, executors, needs
from airlock_spec.endpoints import ADR_001, BY_SERVICE, ENDPOINTS, Need
from airlock_spec.reach.destination import HTTPS, Destination, is_private
from airlock_spec.reach.looking import WORKERS, Wanted


@dataclass
class FakeNetwork:
    """Names with their addresses, and the (address, port) pairs that accept; everything else is refused."""

    names: dict[str, list[str]] = field(default_factory=dict)
    accepts: set[tuple[str, int]] = field(default_factory=set)
    asked: list[tuple[str, str, float]] = field(default_factory=list)
    tried: list[tuple[str, int, float]] = field(default_factory=list)

    def resolve(self, host: str) -> list[str]:
        if host not in self.names:
            raise OSError(-2, "Name or service not known")
        return self.names[host]

    def connect(self, address: str, port: int, timeout: float) -> None:
        self.tried.append((address, port, timeout))
        if (address, port) not in self.accepts:
            raise TimeoutError("timed out")

    def ask(self, host: str, address: str, timeout: float) -> str:
        self.asked.append((host, address, timeout))
        if (address, HTTPS) not in self.accepts:
            raise TimeoutError("timed out")
        return "TLSv1.3, HTTP 403"


def check(network: FakeNetwork, endpoint: str, *, public: bool = False) -> Reached | Unmet:
    return Preflight(network).check(Wanted(endpoint, public=public))


def wanted(names: list[str]) -> list[Wanted]:
    return [Wanted(name) for name in names]


def where(outcome: Reached | Unmet) -> tuple[str, str]:
    assert isinstance(outcome, Reached)
    return outcome.endpoint, outcome.address


def test_an_endpoint_that_holds_is_reported_with_its_address() -> None:
    network = FakeNetwork({"ecr.invalid": ["10.0.1.7"]}, {("10.0.1.7", HTTPS)})

    outcome = check(network, "ecr.invalid")

    assert where(outcome) == ("ecr.invalid", "10.0.1.7")
    assert isinstance(outcome, Reached)
    assert outcome.how.startswith("TLSv1.3, HTTP 403, ")
    assert network.asked == [("ecr.invalid", "10.0.1.7", 5.0)]


def test_a_port_is_taken_from_the_endpoint_and_the_timeout_from_the_preflight() -> None:
    network = FakeNetwork({"redis.invalid": ["10.0.1.8"]}, {("10.0.1.8", 6379)})

    outcome = Preflight(network, timeout=1.5).check(Wanted("redis.invalid:6379"))

    assert where(outcome) == ("redis.invalid:6379", "10.0.1.8")
    assert network.tried == [("10.0.1.8", 6379, 1.5)]


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    network = FakeNetwork({"sts.invalid": ["10.0.1.7", "10.0.2.7"]}, {("10.0.2.7", HTTPS)})

    assert where(check(network, "sts.invalid")) == ("sts.invalid", "10.0.2.7")


def test_every_address_that_does_not_answer_is_named() -> None:
    network = FakeNetwork({"sts.invalid": ["10.0.1.7", "10.0.2.7"]})

    outcome = check(network, "sts.invalid")

    assert outcome == Unmet("sts.invalid", "10.0.1.7 port 443: timed out; 10.0.2.7 port 443: timed out")


def test_a_name_that_does_not_resolve_says_what_the_resolver_said() -> None:
    outcome = check(FakeNetwork(), "gone.invalid")

    assert outcome == Unmet("gone.invalid", "does not resolve: Name or service not known")


def test_a_name_without_addresses_does_not_hold() -> None:
    outcome = check(FakeNetwork({"empty.invalid": []}), "empty.invalid")

    assert outcome == Unmet("empty.invalid", "resolves to no address")


def test_one_public_address_among_private_ones_is_refused_without_connecting() -> None:
    network = FakeNetwork({"logs.invalid": ["10.0.1.7", "52.94.0.1"]}, {("10.0.1.7", HTTPS)})

    outcome = check(network, "logs.invalid")

    assert isinstance(outcome, Unmet)
    assert outcome.reason.startswith("resolves to public 52.94.0.1: no VPC endpoint")
    assert network.asked == []


def test_a_public_address_holds_where_it_is_allowed() -> None:
    network = FakeNetwork({"s3.invalid": ["52.216.0.1"]}, {("52.216.0.1", HTTPS)})

    assert where(check(network, "s3.invalid", public=True)) == ("s3.invalid", "52.216.0.1")


def test_outcomes_come_in_the_order_given() -> None:
    names = [f"host-{number}.invalid" for number in range(40)]
    network = FakeNetwork({name: ["10.0.0.1"] for name in names[::2]}, {("10.0.0.1", HTTPS)})

    outcomes = Preflight(network).check_all(wanted(names))

    assert [outcome.endpoint for outcome in outcomes] == names
    assert [isinstance(outcome, Reached) for outcome in outcomes] == [True, False] * 20


def test_no_endpoints_give_no_outcomes() -> None:
    assert Preflight(FakeNetwork()).check_all([]) == []


class MeetingNetwork(FakeNetwork):
    """Every connection waits until as many are open as may be; one more would never come."""

    def __init__(self, expected: int) -> None:
        super().__init__()
        self.meeting = threading.Barrier(expected, timeout=10)
        self.most = 0
        self.now = 0
        self.lock = threading.Lock()

    def resolve(self, host: str) -> list[str]:  # noqa: ARG002
        return ["10.0.0.1"]

    def ask(self, host: str, address: str, timeout: float) -> str:  # noqa: ARG002
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.meeting.wait()
        with self.lock:
            self.now -= 1
        return "TLSv1.3, HTTP 403"


def test_what_a_name_server_holds_up_does_not_hold_and_holds_up_nothing() -> None:
    released = threading.Event()

    class Slow(FakeNetwork):
        def resolve(self, host: str) -> list[str]:
            if host == "slow.invalid":
                released.wait(30)
            return ["10.0.0.1"]

    network = Slow(accepts={("10.0.0.1", HTTPS)})
    start = time.monotonic()
    outcomes = Preflight(network, within=0.3).check_all(wanted(["slow.invalid", "fast.invalid"]))
    released.set()

    assert time.monotonic() - start < 5
    assert outcomes[0] == Unmet("slow.invalid", "has no outcome within 0.3 s: does the name server answer?")
    assert where(outcomes[1]) == ("fast.invalid", "10.0.0.1")


def test_endpoints_are_checked_at_the_same_time_with_a_bound() -> None:
    network = MeetingNetwork(WORKERS)

    outcomes = Preflight(network).check_all(
        wanted([f"host-{number}.invalid" for number in range(2 * WORKERS)])
    )

    assert all(isinstance(outcome, Reached) for outcome in outcomes)
    assert network.most == WORKERS


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("a.invalid", Destination("a.invalid", 443)),
        (" a.invalid:8443 ", Destination("a.invalid", 8443)),
        ("10.0.0.1:1", Destination("10.0.0.1", 1)),
        ("fd00::1", Destination("fd00::1", 443)),
        ("[fd00::1]", Destination("fd00::1", 443)),
        ("[fd00::1]:65535", Destination("fd00::1", 65535)),
    ],
)
def test_an_endpoint_is_a_host_or_a_host_and_a_port(text: str, endpoint: Destination) -> None:
    assert Destination.parse(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":443",
        "a.invalid:",
        "a.invalid:0",
        "a.invalid:65536",
        "a.invalid:https",
        "a.invalid:\u0664\u0664\u0663",
        "https://a.invalid",
        "a.invalid/path",
        "user@a.invalid",
        "a b",
        "[fd00::1",
        "[fd00::1]443",
        "[]:443",
    ],
)
def test_anything_else_does_not_hold_and_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=" "):
        Destination.parse(text)
    assert isinstance(check(FakeNetwork(), text), Unmet)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.255.0.1", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("100.64.0.1", True),
        ("127.0.0.5", True),
        ("::1", True),
        ("fd12::1", True),
        ("::ffff:10.0.0.1", True),
        ("::ffff:52.94.0.1", False),
        ("52.94.0.1", False),
        ("2600:1f18::1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("192.0.2.1", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
    ],
)
def test_private_is_what_only_a_private_network_routes(address: str, private: bool) -> None:  # noqa: FBT001
    assert is_private(address) is private


def test_the_report_lists_every_endpoint_that_does_not_hold() -> None:
    assert report([Unmet("a.invalid", "timed out"), Unmet("b.invalid:1", "refused", "Celery")], 7) == (
        "2 of 7 endpoints do not hold:\n  a.invalid: timed out\n  b.invalid:1 (Celery): refused"
    )


def test_the_endpoints_of_adr_001_fill_in_templates() -> None:
    hosts = {endpoint.service: endpoint.at("{{ params.region }}", "123456789012") for endpoint in ADR_001}

    assert hosts["ecr.dkr"] == "123456789012.dkr.ecr.{{ params.region }}.amazonaws.com"
    assert set(hosts) == {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "kms", "sts", "s3"}
    assert [endpoint.service for endpoint in ADR_001 if endpoint.gateway] == ["s3"]


def test_every_endpoint_says_what_needs_it_and_every_need_has_one() -> None:
    assert {need for endpoint in ENDPOINTS for need in endpoint.needed_by} == set(Need)
    assert all(endpoint.needed_by for endpoint in ENDPOINTS)
    assert len(BY_SERVICE) == len(ENDPOINTS)


SETTINGS = {
    ("logging", "remote_logging"): "True",
    (
        "logging",
        "remote_base_log_folder",
    ): "cloudwatch://arn:aws:logs:us-east-1:123456789012:log-group:airlock",
    ("secrets", "backend"): "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    ("core", "executor"): "CeleryExecutor,ecs:airflow.providers.amazon.aws.executors.ecs.AwsEcsExecutor",
    ("celery", "broker_url"): "sqs://key:password@",
    (
        "dag_processor",
        "dag_bundle_config_list",
    ): '[{"name": "a", "classpath": "x.y.S3DagBundle", "kwargs": {}}]',
}


def needed(settings: dict[tuple[str, str], str], **environment: str) -> dict[Need, str]:
    return needs(lambda section, key: settings.get((section, key), ""), environment)


def test_what_is_needed_is_read_from_the_configuration() -> None:
    found = needed(SETTINGS, **{FARGATE: "http://169.254.170.2/v4/x"})

    assert set(found) == {
        *(Need.FARGATE, Need.CLOUDWATCH_LOGS, Need.SECRETS_MANAGER),
        *(Need.ECS, Need.CELERY, Need.S3_BUNDLE),
    }
    assert not any("password" in text for text in found.values())


@pytest.mark.parametrize(
    ("section", "key", "value", "need"),
    [
        ("logging", "remote_logging", "False", Need.CLOUDWATCH_LOGS),
        ("logging", "remote_base_log_folder", "s3://bucket/logs", Need.CLOUDWATCH_LOGS),
        ("secrets", "backend", "", Need.SECRETS_MANAGER),
        ("core", "executor", "LocalExecutor", Need.ECS),
        ("celery", "broker_url", "redis://valkey:6379/0", Need.CELERY),
        ("dag_processor", "dag_bundle_config_list", '[{"classpath": "x.LocalDagBundle"}]', Need.S3_BUNDLE),
        ("dag_processor", "dag_bundle_config_list", "no JSON", Need.S3_BUNDLE),
    ],
)
def test_what_is_not_set_is_not_needed(section: str, key: str, value: str, need: Need) -> None:
    assert need in needed(SETTINGS)
    assert need not in needed(SETTINGS | {(section, key): value})


@pytest.mark.parametrize(
    ("location", "is_there"), [("s3://bucket/prod", True), ("/mnt/dags", False), ("", False)]
)
def test_a_bundle_of_releases_needs_s3_where_its_location_is_there(location: str, *, is_there: bool) -> None:
    bundle = {"classpath": "airlock_plugins.bundle.ReleaseBundle", "kwargs": {"location": location}}
    found = needed({("dag_processor", "dag_bundle_config_list"): json.dumps([bundle])})
    assert (Need.S3_BUNDLE in found) == is_there


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("LocalExecutor", ["LocalExecutor"]),
        ("a.b.AwsEcsExecutor", ["AwsEcsExecutor"]),
        ("CeleryExecutor, ecs:a.b.AwsEcsExecutor", ["CeleryExecutor", "AwsEcsExecutor"]),
        ("LocalExecutor;team_a=a.AwsLambdaExecutor,x:a.B", ["LocalExecutor", "AwsLambdaExecutor", "B"]),
        ("", []),
    ],
)
def test_executors_are_named_in_many_ways(value: str, names: list[str]) -> None:
    assert executors(value) == names


def test_a_lambda_executor_needs_its_queue_too() -> None:
    path = "airflow.providers.amazon.aws.executors.aws_lambda.lambda_executor.AwsLambdaExecutor"

    assert set(needed({("core", "executor"): path})) == {Need.LAMBDA, Need.LAMBDA_RESULTS}
