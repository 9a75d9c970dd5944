"""The DAGs in a real Docker Engine, on a network with no way out: S3 by moto, the API and its function outside."""

from __future__ import annotations

import importlib.metadata
import json
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from containers import Container, Engine, Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

REPOSITORY = Path(__file__).parents[2]
# Of what moto's server needs, the image has the rest; all of it is Python alone.
MOTO = ("moto", "responses", "xmltodict", "flask_cors")
PASSWORD, TOKEN = "pa55word-of-lab-api", "t0ken-of-the-api"
DATA, OUTBOX = "airlock-lab-data", "airlock-lab-outbox"
URL = "http://api.outside.example:8080"
API = "from api_outside import serve; serve()"
POLICY = {"api.outside.example:8080": {"methods": ["GET", "POST"], "plain": True}}
POLICY["api.outside.example:8080"]["secrets"] = ["airflow-outside/api-token"]
AWS = {
    "AWS_ENDPOINT_URL": "http://aws:5000",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "PYTHONPATH": "/extra",
}
AIRFLOW = {
    # SQLite has one writer at a time; on a busy machine the others wait longer than its five seconds.
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db?timeout=60",
    "AIRFLOW__SECRETS__BACKEND": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "AIRFLOW__SECRETS__BACKEND_KWARGS": '{"connections_prefix": "airflow/connections"}',
    # A triggerer that was killed is missed in seconds.
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
}
SEED = f"""
import boto3, json
s3, secrets = boto3.client("s3"), boto3.client("secretsmanager")
for bucket in ({DATA!r}, {OUTBOX!r}):
    s3.create_bucket(Bucket=bucket)
for number in range(5):
    s3.put_object(Bucket={DATA!r}, Key=f"in/part-{{number}}.csv", Body=b"day,amount\\n" * number)
secrets.create_secret(Name="airflow-outside/api-token", SecretString={TOKEN!r})
secrets.create_secret(Name="airflow/connections/lab_api", SecretString=json.dumps(
    {{"conn_type": "http", "host": "api.outside.example", "login": "airflow", "password": {PASSWORD!r}}}))
"""
OBJECTS = """
import boto3, json, sys
s3 = boto3.client("s3")
found = s3.list_objects_v2(Bucket=sys.argv[1], Prefix=sys.argv[2]).get("Contents", [])
print(json.dumps({one["Key"]: s3.get_object(Bucket=sys.argv[1], Key=one["Key"])["Body"].read().decode()
                  for one in found}))
"""
PUT = """
import boto3, sys
boto3.client("s3").put_object(Bucket=sys.argv[1], Key=sys.argv[2], Body=b"arrived")
"""
FINAL = ("success", "failed", "skipped", "upstream_failed")


@dataclass(frozen=True)
class Run:
    """A DagRun, asked about by Airflow's API."""

    airflow: Container
    dag_id: str
    run_id: str

    @property
    def path(self) -> str:
        return f"/api/v2/dags/{self.dag_id}/dagRuns/{quote(self.run_id)}"

    def tasks(self) -> dict[str, str]:
        """Return the state of each task instance, mapped ones by `task[index]`."""
        found = ask(self.airflow, "GET", f"{self.path}/taskInstances")["task_instances"]
        return {name_of(one): one["state"] or "none" for one in found}

    def wait_for(self, task: str, *states: str, seconds: float = 240) -> str:
        end = time.monotonic() + seconds
        while (state := self.tasks().get(task, "none")) not in states:
            assert state not in FINAL and time.monotonic() < end, (  # noqa: PT018 - one story
                f"{task} is {state}, not {states}\n{self.log(task)}"
            )
            time.sleep(0.5)
        return state

    def end(self, seconds: float = 300) -> str:
        end = time.monotonic() + seconds
        while (state := ask(self.airflow, "GET", self.path)["state"]) not in FINAL:
            assert time.monotonic() < end, f"{state}: {self.tasks()}"
            time.sleep(0.5)
        return str(state)

    def value(self, task: str, index: int = -1) -> Any:
        path = f"{self.path}/taskInstances/{task}/xcomEntries/return_value?map_index={index}"
        return ask(self.airflow, "GET", path)["value"]

    def tries(self, task: str) -> int:
        return int(ask(self.airflow, "GET", f"{self.path}/taskInstances/{task}/tries")["total_entries"])

    def log(self, task: str, attempt: int = 1, index: int = -1) -> str:
        path = f"{self.path}/taskInstances/{task}/logs/{attempt}?full_content=true&map_index={index}"
        return json.dumps(ask(self.airflow, "GET", path))


def name_of(instance: dict[str, Any]) -> str:
    index = instance["map_index"]
    return str(instance["task_id"]) if index < 0 else f"{instance['task_id']}[{index}]"


def ask(airflow: Container, method: str, path: str, body: Any = None) -> Any:
    answer = airflow.inside("ask_api.py", method, path, json.dumps(body))
    assert answer["status"] < 300, answer
    return answer["body"]


@dataclass(frozen=True)
class World:
    """Airflow with no way out, and what stands outside."""

    engine: Engine
    airflow: Container
    outside: Container
    api: Container

    def run(self, dag_id: str, **conf: Any) -> Run:
        ask(self.airflow, "PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
        body = {"logical_date": None, "conf": conf}
        run = ask(self.airflow, "POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        return Run(self.airflow, dag_id, run["dag_run_id"])

    def python(self, code: str, *arguments: str) -> str:
        return self.engine.text("exec", self.airflow.name, "python", "-c", code, *arguments)

    def objects(self, bucket: str, prefix: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.python(OBJECTS, bucket, prefix).splitlines()[-1])
        return found

    def asked(self) -> list[dict[str, Any]]:
        """Return what the API was asked, from what it says of each request."""
        return [json.loads(line) for line in self.engine.text("logs", self.api.name).splitlines()]


@pytest.fixture(scope="module")
def extra(image: Image) -> Iterator[Sequence[str]]:
    """Give the options that mount moto, the function outside and the API, as files of a volume."""
    engine, name = image.engine, f"airlock-outbox-{uuid.uuid4().hex[:12]}"
    mount = f"type=volume,source={name},target=/extra"
    engine.run("volume", "create", name)
    try:
        engine.run("create", "--name", name, "--mount", mount, image.reference, "true")
        paths = [REPOSITORY / "infra/outbox/airlock_outbox", REPOSITORY / "tests/api_outside.py"]
        for path in [*paths, *(path for name in MOTO for path in installed(name))]:
            engine.run("cp", path, f"{name}:/extra/")
        engine.run("rm", name)
        yield ("--mount", f"{mount},readonly")
    finally:
        engine.run("rm", "--force", name, check=False)
        engine.run("volume", "rm", "--force", name)


def installed(name: str) -> set[Path]:
    """Return the packages, modules and metadata that a distribution consists of."""
    distribution = importlib.metadata.distribution(name)
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in {"..", "__pycache__"}}
    return {Path(str(distribution.locate_file(top))) for top in tops}


@pytest.fixture(scope="module")
def world(image: Image, extra: Sequence[str], dags_volume: Sequence[str]) -> Iterator[World]:
    engine, network = image.engine, f"airlock-outbox-{uuid.uuid4().hex[:12]}"
    engine.run("network", "create", "--internal", network)
    assert image.options[0] == "--network"
    sealed = image.options[2:]

    def options(alias: str, **variables: str) -> tuple[str, ...]:
        env = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
        return ("--network", network, "--network-alias", alias, *sealed, *extra, *env)

    try:
        policy = json.dumps({"hosts": POLICY})
        moto = ("python", "-m", "moto.server", "-H", "0.0.0.0", "-p", "5000")  # noqa: S104 - in its network
        loop = ("python", "-m", "airlock_outbox", "--loop", "--bucket", OUTBOX, "--every", "0.2")
        inside = options("airflow", **AWS, **AIRFLOW)
        with (
            replace(image, options=options("aws", **AWS)).start(*moto),
            replace(image, options=options("api.outside.example", **AWS)).start("python", "-c", API) as api,
            replace(image, options=options("outside", **AWS, OUTBOX_POLICY=policy)).start(*loop) as outside,
            replace(image, options=(*inside, *dags_volume)).start("standalone") as airflow,
        ):
            health = airflow.inside("healthy.py", "300")
            assert health["healthy"], f"{health}\n{airflow.logs()}"
            one = World(engine, airflow, outside, api)
            one.python(SEED)
            known(airflow, 6)
            let_the_schedule_pass(airflow, "ask_outside")
            yield one
    finally:
        engine.run("network", "rm", network, check=False)


def known(airflow: Container, number: int) -> None:
    end = time.monotonic() + 180
    while len(ask(airflow, "GET", "/api/v2/dags")["dags"]) < number:
        assert time.monotonic() < end, airflow.logs()
        time.sleep(0.5)


def let_the_schedule_pass(airflow: Container, dag_id: str) -> None:
    """Unpause a DAG, and wait for the run that its schedule is due: it would ask the API beside a test's own."""
    ask(airflow, "PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
    end = time.monotonic() + 180
    while not (runs := ask(airflow, "GET", f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]):
        assert time.monotonic() < end, airflow.logs()
        time.sleep(0.5)
    assert Run(airflow, dag_id, runs[0]["dag_run_id"]).end() == "success"


def test_an_api_outside_is_asked_and_nobody_inside_has_its_secret(world: World) -> None:
    before = len(world.asked())
    run = world.run("ask_outside", url=f"{URL}/v1/orders")

    assert run.end() == "success", run.log("ask")
    answer = run.value("ask")
    assert (answer["status"], answer["body"]) == (200, {"method": "POST", "path": "/v1/orders"})
    assert run.value("use") == 200
    (asked,) = world.asked()[before:]
    assert asked["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(asked["body"]) == {"run": run.run_id}
    assert TOKEN not in run.log("ask")
    assert not any(TOKEN in text for text in world.objects(OUTBOX, "").values())


def test_an_operator_that_waits_itself_makes_of_answers_what_it_was_told(world: World) -> None:
    found = world.airflow.inside("outbox_operator.py", URL)

    said = {"method": "GET", "path": "/echo"}
    assert (found["plain"]["status"], found["plain"]["body"]) == (200, said)
    assert "set-cookie" not in found["plain"]["headers"]
    assert found["again"]["headers"]["date"] == found["plain"]["headers"]["date"]
    assert found["differs"].startswith("AirflowFailException: request ")
    assert "of an earlier try asks for another url: render the same" in found["differs"]
    assert found["anew"]["body"] == {"method": "GET", "path": "/other"}
    large = found["large"]["body"]
    assert large["s3"].startswith(f"s3://{OUTBOX}/bodies/")
    assert large["size"] == found["filtered"] == 120_000
    assert found["binary"]["body"]["base64"] == "/wA="
    assert found["checked"] == "AirflowFailException: the API answered 200, which response_check refuses"
    assert found["accepted"]["status"] == 404
    assert found["masked"].startswith("AirflowFailException: body: holds a value that Airflow masks")
    assert found["header"].startswith("AirflowFailException: header Authorization looks like a credential")
    assert "NoSuchBucket" in found["bucket"]
    assert found["late"].startswith("AirflowException: no answer until the deadline")
    assert found["killed"] == {"said": "AirflowException: the task was told to end", "soon": True}
    assert found["deferred"] == {
        "trigger": "airlock_operators.object_triggers.OutboxTrigger",
        "again": True,
        "method": "answered",
        "timeout": True,
    }


def test_a_status_that_is_no_result_fails_for_good_and_clearing_asks_anew(world: World) -> None:
    before = len(world.asked())
    run = world.run("ask_outside", url=f"{URL}/status/404")

    assert run.end() == "failed"
    log = run.log("ask")
    assert "the API answered 404" in log
    assert '"exc_type": "AirflowFailException"' in log
    clear = {"dry_run": False, "dag_run_id": run.run_id, "task_ids": ["ask"]}
    ask(world.airflow, "POST", "/api/v2/dags/ask_outside/clearTaskInstances", clear)
    assert run.end() == "failed"
    keys = [asked["headers"]["Idempotency-Key"] for asked in world.asked()[before:]]
    # One call a try. Not exactly two: on a machine with six times the load it can carry, a third try was seen.
    assert 2 <= len(keys) == run.tries("ask")
    assert len(set(keys)) == 1


def test_what_the_policy_outside_does_not_allow_fails_with_its_reason(world: World) -> None:
    run = world.run("ask_outside", url="http://elsewhere.example/")

    assert run.end() == "failed"
    assert "refuses to call: host elsewhere.example is not in the policy" in run.log("ask")


def test_a_credential_in_the_url_is_refused_before_anything_is_written(world: World) -> None:
    before = world.objects(OUTBOX, "requests/")
    run = world.run("ask_outside", url=f"{URL}/v1?api_key=abcdef")

    assert run.end() == "failed"
    assert "parameter api_key looks like a credential" in run.log("ask")
    assert world.objects(OUTBOX, "requests/") == before


def test_a_task_that_is_ended_while_it_waits_is_never_called(world: World) -> None:
    before = len(world.asked())
    world.engine.run("pause", world.outside.name)
    try:
        run = world.run("ask_outside", url=f"{URL}/v1/ended")
        run.wait_for("ask", "deferred")
        path = f"/api/v2/dags/ask_outside/dagRuns/{quote(run.run_id)}/taskInstances/ask"
        # before a triggerer waits for it, nobody is there to cancel: this is what the trigger's own log begins with
        until(lambda: ") starting" in run.log("ask"))
        ask(world.airflow, "PATCH", path, {"new_state": "failed"})
        until(
            lambda: any('"state":"cancelled"' in text for text in world.objects(OUTBOX, "claims/").values())
        )
    finally:
        world.engine.run("unpause", world.outside.name)
    time.sleep(3)  # in which the function would call
    assert len(world.asked()) == before


def test_a_wait_survives_its_triggerer(world: World) -> None:
    run = world.run("wait_for_object", key="in/late.csv")
    run.wait_for("wait", "deferred")
    assert world.airflow.inside("kill_component.py", "triggerer")["killed"] > 0
    world.engine.run("exec", "--detach", world.airflow.name, "airflow", "triggerer")

    time.sleep(10)
    assert run.tasks()["wait"] == "deferred"
    world.python(PUT, DATA, "in/late.csv")

    assert run.end() == "success", run.log("wait")
    assert (run.value("wait")["size"], run.value("say")) == (7, "in/late.csv")


def test_objects_are_copied_each_by_its_own_task_and_once(world: World) -> None:
    run = world.run("copy_objects", source="in/part-", target="by-hand/")
    assert run.end() == "success", run.tasks()
    assert run.value("count") == 5
    assert {f"copy[{number}]" for number in range(5)} <= set(run.tasks())
    copied = world.objects(DATA, "by-hand/")
    assert copied == {f"by-hand/{number}.csv": "day,amount\n" * number for number in range(5)}

    again = world.run("copy_objects", source="in/part-", target="by-hand/")
    assert again.end() == "success", again.tasks()
    assert again.value("count") == 5
    assert "s3://airlock-lab-data/by-hand/0.csv is there" in again.log("copy", index=0)


def test_a_connection_of_secrets_manager_is_used_and_not_told(world: World) -> None:
    run = world.run("secret_connection")

    assert run.end() == "success", run.log("sign")
    assert run.value("sign")["host"] == "api.outside.example"
    assert len(run.value("sign")["signature"]) == 64
    assert "signed a message for api.outside.example as airflow" in run.log("sign")
    assert PASSWORD not in run.log("sign") + world.airflow.logs()


def test_the_preflight_names_every_endpoint_that_is_missing_in_seconds(world: World) -> None:
    start = time.monotonic()
    run = world.run("preflight", services=["sqs", "s3"])

    assert run.end() == "failed"
    log = run.log("endpoints")
    assert "3 of 3 endpoints do not hold" in log
    assert "sqs.us-east-1.amazonaws.com (services): does not resolve" in log
    assert "secretsmanager.us-east-1.amazonaws.com (secrets from Secrets Manager: [secrets] backend)" in log
    assert time.monotonic() - start < 60


def until(condition: Any, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.5)
