"""`airlock-verify`: what it looks at by the container's settings, what it says, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airlock_spec.configured import FARGATE
from airlock_spec.reach import carried, observed
from airlock_spec.reach.observed import Kind
from airlock_verify.cli import MisuseError, Surroundings, look, parser, run
from airlock_verify.place import Place, place
from fake_network import FakeNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from airlock_spec.reach.observed import Observed

REGION = {"AWS_REGION": "eu-west-1"}
ARN = "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123"
METADATA = json.dumps({"TaskARN": ARN, "AvailabilityZone": "eu-west-1b"}).encode()
ECS = {FARGATE: "http://169.254.170.2/v4/x"}
PASSWORD = "hunter2"  # noqa: S105 - which nothing may show


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return an environment of a container whose airflow.cfg says nothing."""
    (tmp_path / "airflow.cfg").write_text("[core]\n")
    return {"AIRFLOW_HOME": str(tmp_path)}


def around(environ: dict[str, str], network: FakeNetwork | None = None) -> Surroundings:
    return Surroundings(environ, network or FakeNetwork(), lambda _: METADATA)


def seen(environ: dict[str, str], *words: str, network: FakeNetwork | None = None) -> Observed:
    return look(parser().parse_args(words), around(environ, network))


def inside(found: Observed) -> dict[str, tuple[Kind, str]]:
    forbidden = (Kind.OUTSIDE, Kind.METADATA)
    return {one.destination: (one.kind, one.why) for one in found.sights if one.kind not in forbidden}


def test_a_task_of_fargate_looks_at_what_every_task_needs_and_says_who_it_is(home: dict[str, str]) -> None:
    found = seen(home | ECS)

    assert (found.task, found.zone, found.region) == (ARN, "eu-west-1b", "eu-west-1")
    assert set(inside(found)) == {
        "api.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "logs.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
        "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",
    }


def test_the_database_the_broker_the_api_server_and_buckets_are_read_from_the_settings(
    home: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {
        **home,
        **REGION,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://a:{PASSWORD}@db.internal/airflow",
        "AIRFLOW__CELERY__BROKER_URL": f"rediss://:{PASSWORD}@valkey.internal:6380/0",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api.internal:8080/execution/",
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://our-logs/airflow",
    }
    network = FakeNetwork({"db.internal": ["10.0.0.5"]}, {("10.0.0.5", 5432): None})

    assert inside(seen(environ)) == {
        "s3.eu-west-1.amazonaws.com": (
            Kind.GATEWAY,
            "remote logs in S3: [logging] remote_base_log_folder",
        ),
        "our-logs.s3.eu-west-1.amazonaws.com": (
            Kind.GATEWAY,
            "a bucket: AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER",
        ),
        "db.internal:5432": (Kind.PEER, "[database] sql_alchemy_conn"),
        "valkey.internal:6380": (Kind.PEER, "[celery] broker_url"),
        "api.internal:8080": (Kind.PEER, "[core] execution_api_server_url"),
    }
    assert run(parser().parse_args(["--json"]), around(environ, network)) == 1
    said = capsys.readouterr().out
    assert PASSWORD not in said
    found = json.loads(said)["findings"]
    assert [one["message"].partition(" ")[0] for one in found if one["code"] == "AL907"] == [
        "valkey.internal:6380",
        "api.internal:8080",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "conn", "names a secret of the secrets backend"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"postgresql://a:{PASSWORD}@b@c/d", "must be written %40"),
        ("AIRFLOW__CELERY__BROKER_URL", f"redis://:{PASSWORD}/x@host:port", "of the password must be"),
        ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", f"http://{PASSWORD}:port/", "it is no URL of the form"),
    ],
)
def test_what_a_setting_does_not_tell_is_told_without_its_value(
    home: dict[str, str], variable: str, value: str, said: str
) -> None:
    (unknown,) = seen({**home, variable: value}).unknown

    assert said in unknown
    assert PASSWORD not in unknown


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("sqlite:////tmp/a.db", []),
        ("postgresql://a@/airflow?host=/run/postgresql", []),
        ("postgresql://a@/airflow?host=one:5433,two:5434", ["one:5433", "two:5434"]),
        ("postgresql://a@localhost/airflow", []),
        ("mysql://a@db/airflow", ["db:3306"]),
    ],
)
def test_only_databases_on_other_hosts_are_looked_at(
    home: dict[str, str], url: str, hosts: list[str]
) -> None:
    assert list(inside(seen({**home, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}))) == hosts


def test_services_and_hosts_can_be_named(home: dict[str, str]) -> None:
    words = ("--service", "sqs", "--endpoint", "redis.internal:6379", "--endpoint", "vault.internal")

    assert inside(seen(home | REGION, *words)) == {
        "sqs.eu-west-1.amazonaws.com": (Kind.ENDPOINT, "services"),
        "redis.internal:6379": (Kind.PEER, "--endpoint"),
        "vault.internal:443": (Kind.ENDPOINT, "--endpoint"),
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--service", "sqs"), "in which region"),
        (("--service", "s4", "--region", "eu-west-1"), "s4 not known"),
        (("--endpoint", "https://x.invalid/"), "'https://x.invalid/'"),
    ],
)
def test_a_command_line_that_cannot_be_understood_is_refused(
    home: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(MisuseError, match=said):
        seen(home, *words)


def test_outside_and_metadata_are_tried_whatever_is_needed(home: dict[str, str]) -> None:
    network = FakeNetwork(answers={("1.1.1.1", 443): None, ("169.254.169.254", 80): None})
    found = seen(home, network=network)

    answered = [one.destination for one in found.sights if one.answered]
    assert answered == ["1.1.1.1:443", "169.254.169.254:80"]
    assert ("8.8.8.8", 53) in network.tried


def test_marked_lines_carry_the_same_object(home: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parser().parse_args(["--marked", "--json"]), around(home)) == 0
    lines = capsys.readouterr().out.splitlines()

    assert all(line.startswith("airlock-verify 1/1 ") for line in lines)
    assert observed.parse(carried.document(lines)).within == 20.0


def test_a_program_in_a_terminal_gets_text(home: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parser().parse_args([]), around(home)) == 0
    said = capsys.readouterr().out

    assert "no findings; looked at 9 destinations" in said
    assert "outside 1.1.1.1:443 is not reached, as it should be: 1.1.1.1: timed out" in said


@pytest.mark.parametrize("answer", [b"{", b"[]", b'{"TaskARN": "x"}', OSError("refused")])
def test_a_place_that_nobody_tells_of_is_this_host(answer: Any) -> None:
    def ask(url: str) -> bytes:
        assert url == "http://169.254.170.2/v4/x/task"
        if isinstance(answer, OSError):
            raise answer
        return bytes(answer)

    found = place(ECS | {"AWS_DEFAULT_REGION": "eu-west-1"}, ask)
    assert found == Place(found.task, region="eu-west-1")
    assert found.task
