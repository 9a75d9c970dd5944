"""The function outside, against real HTTP, real TLS, and S3 and Secrets Manager as moto serves them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from api_outside import HUGE, Api
from authorities import Signed

REPOSITORY = Path(__file__).parents[2]
SOURCES = [str(REPOSITORY / folder) for folder in ("scripts/airlock_spec", "infra/outbox", "operators")]
sys.path[:0] = SOURCES  # what they hold is installed where it runs, not here

from airlock_operators.objects import S3Objects as TaskObjects  # noqa: E402
from airlock_operators.outbox_exchange import Draft, Exchange  # noqa: E402
from airlock_operators.outbox_verdict import judged_by, statuses  # noqa: E402
from airlock_outbox.answering import Outside, Said  # noqa: E402
from airlock_outbox.calling import Call, HttpCaller, UnreachableError  # noqa: E402
from airlock_outbox.objects import S3Objects, SecretsManager  # noqa: E402
from airlock_outbox.policy import Policy  # noqa: E402
from airlock_spec.outbox.layout import Layout  # noqa: E402
from airlock_spec.outbox.request import REPEATABLE, Request  # noqa: E402
from airlock_spec.outbox.response import Outcome, Response  # noqa: E402
from requests_made import TOKEN, a_request  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

BUCKET = "outbox-of-a-test"
LAYOUT = Layout("airflow/")
VALUE = "s3cr3t-of-the-api"


@dataclass
class World:
    """A bucket in moto, an API on loopback, and the function that may call it."""

    s3: S3Client
    api: Api
    outside: Outside

    def ask(self, path: str, method: str = "GET", **changes: Any) -> Request:
        """Write a request; no two of a test have the same name."""
        number = sum(1 for _ in self.outside.objects.names(LAYOUT, "requests"))
        changes = {"body": None, "repeatable": method in REPEATABLE, "headers": {}, **changes}
        url = changes.pop("url", f"{self.api.url}{path}")
        request = a_request(number, url=url, method=method, **changes)
        self.s3.put_object(Bucket=BUCKET, Key=LAYOUT.request(request.id), Body=request.to_json())
        return request

    def answered(self, path: str, method: str = "GET", **changes: Any) -> Response:
        said = self.outside.answer(self.ask(path, method, **changes).id)
        assert isinstance(said, Response)
        return said

    def event(self, *requests: Request) -> dict[str, Any]:
        where = [{"bucket": {"name": BUCKET}, "object": {"key": LAYOUT.request(one.id)}} for one in requests]
        return {"Records": [{"s3": one} for one in where]}

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.api.asked]


def policy_for(*hosts: str) -> str:
    rule = {"methods": ["GET", "HEAD", "POST", "PUT"], "secrets": [TOKEN.secret], "plain": True}
    return json.dumps({"hosts": dict.fromkeys(hosts, rule)})


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give moto's URL, to which every client of this module's tests goes."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        boto3.client("secretsmanager").create_secret(Name=TOKEN.secret, SecretString=VALUE)
        yield variables["AWS_ENDPOINT_URL"]
    server.stop()


@pytest.fixture
def world(aws: str) -> Iterator[World]:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    with Api() as api:
        policy = Policy.from_json(policy_for(api.host))
        yield World(
            s3,
            api,
            Outside(S3Objects(BUCKET), LAYOUT, policy, SecretsManager(), HttpCaller(), "lambda:1"),
        )
    bucket = boto3.resource("s3").Bucket(BUCKET)
    bucket.objects.delete()
    bucket.delete()


def test_a_call_is_made_as_asked_with_the_secret_and_the_key(world: World) -> None:
    response = world.answered("/echo?day=1", "POST", body=a_request().body, headers={"authorization": TOKEN})

    (asked,) = world.api.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/echo?day=1", b'{"day":"2026-01-01"}')
    assert asked.headers["authorization"] == f"Bearer {VALUE}"
    assert asked.headers["Idempotency-Key"] == response.id.partition("-")[0]
    assert asked.headers["User-Agent"] == "airlock-outbox/1"
    assert (response.outcome, response.status) == (Outcome.ANSWERED, 200)
    assert response.headers["content-type"] == "application/json"
    assert "set-cookie" not in response.headers


def test_nothing_in_the_bucket_holds_the_secret(world: World) -> None:
    assert world.answered("/leak", headers={"Authorization": TOKEN}).outcome is Outcome.WITHHELD

    objects = list(boto3.resource("s3").Bucket(BUCKET).objects.all())
    assert len(objects) == 3
    assert not any(VALUE.encode() in one.get()["Body"].read() for one in objects)


@pytest.mark.parametrize("status", [204, 404, 500])
def test_any_status_is_an_answer(world: World, status: int) -> None:
    assert world.answered(f"/status/{status}").status == status


@pytest.mark.parametrize("path", ["/silent", "/drip", "/drip-header", "/endless"])
def test_a_call_ends_in_time_whatever_the_api_does(world: World, path: str) -> None:
    start = time.monotonic()

    response = world.answered(path, timeout=0.5)

    assert time.monotonic() - start < 3
    assert (response.outcome, response.reason) == (Outcome.UNKNOWN, "no whole answer within 0.5 s")


@pytest.mark.parametrize("path", ["/short", "/cut"])
def test_half_an_answer_is_none(world: World, path: str) -> None:
    assert world.answered(path).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("path", ["/huge", "/huge-chunks"])
def test_a_huge_answer_is_not_passed_on_and_not_read(world: World, path: str) -> None:
    response = world.answered(path, max_response=100_000)

    assert (response.outcome, response.status, response.body) == (Outcome.TOO_LARGE, 200, None)


@pytest.mark.parametrize("path", ["/huge", "/huge-chunks"])
def test_a_huge_answer_that_is_asked_for_is_an_object_of_its_own(world: World, path: str) -> None:
    response = world.answered(path, max_response=HUGE)

    assert response.body is not None
    found = world.s3.get_object(Bucket=BUCKET, Key=response.body.key)
    assert (found["ContentLength"], response.body.size) == (HUGE, HUGE)
    exchange = Exchange(TaskObjects(BUCKET), LAYOUT, judged_by(statuses("2xx")))
    assert exchange.body(response) == bytes(HUGE)


def test_a_redirect_within_the_host_is_followed(world: World) -> None:
    response = world.answered("/moved?/echo", headers={"Authorization": TOKEN})

    assert (response.status, response.url) == (200, f"{world.api.url}/echo")
    assert world.paths == ["/moved?/echo", "/echo"]


def test_a_redirect_to_another_host_is_the_answer(world: World) -> None:
    with Api() as other:
        for target in (f"{other.url}/echo", f"//{other.host}/echo", "http://user@localhost/", "ftp://x/"):
            response = world.answered(f"/moved?{target}", headers={"Authorization": TOKEN})
            assert (response.status, response.headers["location"]) == (302, target)
        assert other.asked == []


def test_a_redirect_to_where_the_policy_does_not_lead_is_the_answer(world: World) -> None:
    narrow = json.loads(policy_for(world.api.host))
    narrow["hosts"][world.api.host]["paths"] = ["/moved"]
    world.outside = replace(world.outside, policy=Policy.from_json(json.dumps(narrow)))

    assert world.answered("/moved?/echo").status == 302
    assert world.paths == ["/moved?/echo"]


def test_a_redirect_of_a_post_is_the_answer(world: World) -> None:
    assert world.answered("/moved?/echo", "POST").status == 302


def test_redirects_end(world: World) -> None:
    assert world.answered("/again").status == 302
    assert len(world.paths) == 6


def test_nobody_listens(world: World) -> None:
    response = world.answered("", url="http://127.0.0.1:1/")
    assert response.outcome is Outcome.REFUSED

    world.outside = replace(world.outside, policy=Policy.from_json(policy_for("127.0.0.1:1")))
    response = world.answered("", url="http://127.0.0.1:1/")
    assert (response.outcome, response.reason) == (
        Outcome.UNREACHABLE,
        "127.0.0.1:1: [Errno 111] Connection refused",
    )


def test_tls_is_wanted_with_a_certificate_for_the_name(world: World, tmp_path: Path) -> None:
    authority = Signed.authority("of a test")
    for address, trusted, outcome in (
        ("127.0.0.1", True, Outcome.ANSWERED),
        ("127.0.0.2", True, Outcome.UNREACHABLE),
        ("127.0.0.1", False, Outcome.UNREACHABLE),
    ):
        server = authority.server(address)
        (tmp_path / "server.pem").write_text(server.pem + server.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.pem")
        with Api(tls=context) as secure:
            client = ssl.create_default_context(cadata=authority.pem if trusted else None)
            world.outside = replace(
                world.outside,
                policy=Policy.from_json(policy_for(secure.host)),
                caller=HttpCaller(client),
            )
            response = world.answered("", url=f"{secure.url}/echo", headers={"Authorization": TOKEN})
            assert response.outcome is outcome, response.reason
            assert len(secure.asked) == (outcome is Outcome.ANSWERED)


def test_a_handshake_that_never_ends_is_no_connection(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        dripping = pool.submit(drip, listening)
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        world.outside = replace(world.outside, policy=Policy.from_json(policy_for(host)))
        start = time.monotonic()

        response = world.answered("", url=f"https://{host}/", timeout=0.5)

        assert time.monotonic() - start < 2
        assert dripping.result() > 0
    assert (response.outcome, response.reason) == (
        Outcome.UNREACHABLE,
        f"{host}: no connection within 0.5 s",
    )


def drip(listening: socket.socket) -> int:
    """Answer a handshake with one byte after the other of a record that is long; return how many were sent."""
    connection, _ = listening.accept()
    sent = 0
    with connection, contextlib.suppress(OSError):
        for byte in b"\x16\x03\x03\x3f\xff" + bytes(100):
            connection.send(bytes([byte]))
            sent += 1
            time.sleep(0.1)
    return sent


def test_what_is_late_is_never_sent(world: World) -> None:
    call = Call("POST", f"{world.api.url}/echo", {}, None, 0.0, 1000, lambda _: False)

    with pytest.raises(UnreachableError, match=r"no connection within 0 s"):
        HttpCaller().call(call)
    assert world.api.asked == []


def test_who_asks_says_who_he_is_once(world: World) -> None:
    world.answered("/echo", headers={"user-agent": "shop/1"})

    assert [value for name, value in world.api.asked[0].headers.items() if name.lower() == "user-agent"] == [
        "shop/1"
    ]


def test_of_ten_at_the_same_time_one_calls(world: World) -> None:
    request = world.ask("/echo", "POST")
    at_once = threading.Barrier(10)

    def answer(number: int) -> Response | Said:
        one = replace(world.outside, holder=f"lambda:{number}")
        at_once.wait()
        return one.answer(request.id)

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(answer, range(10)))

    assert len(world.api.asked) == 1
    assert sum(isinstance(one, Response) for one in said) == 1
    assert {one for one in said if isinstance(one, Said)} <= {Said.ELSEWHERE, Said.ANSWERED}


def test_of_a_cancellation_and_a_call_at_the_same_time_one_happens(world: World) -> None:
    exchange = Exchange(TaskObjects(BUCKET), LAYOUT, judged_by(statuses("2xx")))
    outcomes = set()
    for number in range(20):
        request, at_once = world.ask("/echo", "POST"), threading.Barrier(2)
        world.api.asked.clear()

        def cancel(
            request: Request = request, at_once: threading.Barrier = at_once, delay: float = number / 500
        ) -> bool:
            at_once.wait()
            time.sleep(delay)
            return exchange.cancel(request.id)

        with ThreadPoolExecutor(1) as pool:
            cancelled = pool.submit(cancel)
            at_once.wait()
            said = world.outside.answer(request.id)
        outcomes.add(cancelled.result())
        assert (said is Said.CANCELLED) == cancelled.result()
        assert len(world.api.asked) == (not cancelled.result())
    assert outcomes == {True, False}


FUNCTION = """
import json, sys
from airlock_outbox import function

class Invocation:
    aws_request_id = sys.argv[2]
    def get_remaining_time_in_millis(self):
        return 60_000

print(json.dumps(function.handler(json.loads(sys.argv[1]), Invocation())))
"""


def invoke(world: World, event: dict[str, Any], request_id: str = "1") -> Popen[bytes]:
    """Begin an invocation of the function, as a process that can be killed."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(SOURCES[:2]),
        "OUTBOX_BUCKET": BUCKET,
        "OUTBOX_PREFIX": LAYOUT.prefix,
        "OUTBOX_POLICY": policy_for(world.api.host),
    }
    return Popen([sys.executable, "-c", FUNCTION, json.dumps(event), request_id], env=env, stdout=PIPE)


def result(process: Popen[bytes]) -> dict[str, str]:
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: dict[str, str] = json.loads(said)
    return found


def test_an_event_that_is_delivered_twice_is_called_once(world: World) -> None:
    requests = [world.ask("/echo", "POST"), world.ask("/status/500", "POST")]
    event = world.event(*requests)

    first, second = (result(invoke(world, event, name)) for name in ("1", "2"))

    assert list(first.values()) == ["answered", "answered"]
    assert list(second.values()) == [Said.ANSWERED.value] * 2
    assert sorted(world.paths) == ["/echo", "/status/500"]


@pytest.mark.parametrize(("method", "outcome"), [("POST", "unknown"), ("PUT", "answered")])
def test_a_function_that_is_killed_in_its_call_is_invoked_again(
    world: World, method: str, outcome: str
) -> None:
    request = world.ask("/silent", method, timeout=20)
    killed = invoke(world, world.event(request))
    until(lambda: bool(world.api.asked))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    world.api.released.set()

    # Another invocation leaves it alone as long as the first may be at it; Lambda's retry has the first's id.
    assert result(invoke(world, world.event(request), "2")) == {request.id: Said.ELSEWHERE.value}
    assert result(invoke(world, world.event(request), "1")) == {request.id: outcome}
    assert len(world.api.asked) == (1 if method == "POST" else 2)


def until(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def loop(world: World, *options: str) -> Popen[bytes]:
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(SOURCES[:2]),
        "OUTBOX_POLICY": policy_for(world.api.host),
    }
    command = ["-m", "airlock_outbox", "--bucket", BUCKET, "--prefix", LAYOUT.prefix, *options]
    return Popen([sys.executable, *command], env=env, stderr=PIPE)


def test_the_loop_answers_what_is_asked_and_ends_when_told(world: World) -> None:
    exchange = Exchange(TaskObjects(BUCKET), LAYOUT, judged_by(statuses("2xx")))
    process = loop(world, "--loop", "--every", "0.1")
    try:
        seconds = []
        for number in range(10):
            start = time.monotonic()
            draft = drafted(world, number)
            request = exchange.ask(draft).request
            until(lambda request=request: exchange.answered(request))
            assert exchange.conclude(request).status == 200
            seconds.append(time.monotonic() - start)
        sizes = [one.size for one in boto3.resource("s3").Bucket(BUCKET).objects.all()]
        print(f"round trip {sorted(seconds)[5]:.3f} s (median of 10), {sum(sizes) / 10:.0f} bytes a request")  # noqa: T201
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 0
    assert [json.loads(line)["status"] for line in said.splitlines()] == [200] * 10


def drafted(world: World, number: int) -> Draft:
    request = a_request()
    return Draft(
        *(request.origin, str(number), "POST", f"{world.api.url}/echo", {"Content-Type": "application/json"}),
        *(request.body, False, 60.0, 5.0, 1000),
    )


def test_a_loop_that_was_killed_is_taken_over_when_its_time_is_up(world: World) -> None:
    request = world.ask("/silent", "POST", timeout=1)
    killed = loop(world, "--once")
    until(lambda: bool(world.api.asked))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    process = loop(world, "--loop")
    try:
        until(lambda: world.outside.objects.exists(LAYOUT.response(request.id)))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)

    stored = world.s3.get_object(Bucket=BUCKET, Key=LAYOUT.response(request.id))["Body"].read()
    assert Response.from_json(stored).outcome is Outcome.UNKNOWN
    assert len(world.api.asked) == 1


def test_an_expired_request_is_not_called(world: World) -> None:
    then = datetime.now(UTC) - timedelta(minutes=5)

    response = world.answered("/echo", created=then, deadline=then + timedelta(minutes=1))

    assert (response.outcome, world.api.asked) == (Outcome.EXPIRED, [])
