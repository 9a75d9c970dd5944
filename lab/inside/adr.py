"""Runs in the lab, on the image's Python: asks what ADR-001's testing plan asks, and what that leaves out.

Argument: JSON with `region`, `account`, `service` (one without an endpoint, or "") and `patient`. A line of JSON on
stdout for each test: its name, whose it is, of which endpoint, whether it holds, in how many seconds, and what was
said. Tests come one after the other, so that none waits for another's; only the patient one goes on beside them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[[], object]

ADR, CLAIM, OURS, MEASURED = "ADR-001", "ADR-001 (claim)", "airlock", "botocore's defaults"
SOON = 10.0  # seconds within which a call that cannot succeed is to say so
SILENCE = 2.0  # seconds without an answer that count as silence
CHARACTERS = 160
CALLS = {"ecs": "list_clusters", "sqs": "list_queues", "ssm": "describe_parameters"}
BOTOCORE = {"connect_timeout": 60, "retries": {"mode": "standard"}}  # as with any Config of one's own
_lock = threading.Lock()


def main(asked: dict[str, Any]) -> None:
    service = asked["service"]
    beside = threading.Thread(
        target=fails_soon, args=(service, "the same, with a Config of its own", MEASURED, BOTOCORE)
    )
    if asked["patient"] and service:
        beside.start()
    for name, endpoint, call in plan():
        test(name, ADR, endpoint, call)
    for name, endpoint, call in ours(f"{asked['account']}.dkr.ecr.{asked['region']}.amazonaws.com"):
        test(name, OURS, endpoint, call)
    if service:
        fails_soon(service, f"a call of {service}, which has no endpoint, fails soon", OURS, {})
    test("a public address is silent", OURS, "", lambda: silent("203.0.113.1", 443))
    test("an instance's metadata are silent", OURS, "", lambda: silent("169.254.169.254", 80))
    test("public names do not resolve", CLAIM, "", unresolved)
    if program := shutil.which("airlock-verify"):
        test("airlock-verify", OURS, "", lambda: verified(program))
    if beside.ident:
        beside.join()


def plan() -> Iterator[tuple[str, str, Call]]:
    """Give the four calls of the ADR."""
    secret = {"SecretId": "airflow/variables/greeting"}
    yield "ecr get-login-password", "ecr.api", lambda: client("ecr").get_authorization_token()
    yield (
        "secretsmanager get-secret-value",
        "secretsmanager",
        lambda: client("secretsmanager").get_secret_value(**secret),
    )
    yield "logs describe-log-groups", "logs", lambda: client("logs").describe_log_groups()
    yield "s3 ls", "s3", lambda: client("s3").list_buckets()


def ours(registry: str) -> Iterator[tuple[str, str, Call]]:
    bucket = {"Bucket": "airlock-lab-data", "Prefix": "in/"}
    yield "credentials are the task's role's", "", credentials
    yield "the registry answers", "ecr.dkr", lambda: answers(registry)
    yield "s3 ls s3://BUCKET", "s3", lambda: client("s3").list_objects_v2(**bucket)
    yield "kms list-keys", "kms", lambda: client("kms").list_keys()
    yield "sts get-caller-identity", "sts", lambda: client("sts").get_caller_identity()
    yield "ecs list-clusters, as the ECS executor", "ecs", lambda: client("ecs").list_clusters()


def client(service: str, **settings: Any) -> Any:
    # any Config at all brings back botocore's own 60 s, whatever AWS_DEFAULTS_MODE says
    config = Config(**settings) if settings else None
    return boto3.session.Session().client(service, config=config)  # type: ignore[call-overload]


def test(name: str, whose: str, endpoint: str, call: Call) -> None:
    began = time.monotonic()
    try:
        said, holds = call(), True
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        said, holds = f"{type(error).__name__}: {error}", False
    say(name, whose, endpoint, holds, time.monotonic() - began, said if isinstance(said, str) else "")


def say(name: str, whose: str, endpoint: str, holds: bool, seconds: float, said: str) -> None:  # noqa: FBT001
    line = {"test": name, "whose": whose, "service": endpoint, "holds": holds}
    line |= {"seconds": round(seconds, 2), "said": " ".join(said.split())[:CHARACTERS]}
    with _lock:
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()


def fails_soon(service: str, name: str, whose: str, settings: dict[str, Any]) -> None:
    """Call what cannot succeed: what matters is when it fails."""
    began = time.monotonic()
    said = ""
    try:
        getattr(client(service, **settings), CALLS[service])()
    except Exception as error:  # noqa: BLE001 - it is the answer
        said = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    say(name, whose, "", bool(said) and seconds <= SOON, seconds, said)


def credentials() -> str:
    found = boto3.session.Session().get_credentials()
    if found is None or found.method != "container-role":
        raise RuntimeError(f"they come from {found.method if found else 'nowhere'}")
    return str(found.method)


def answers(host: str) -> str:
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(f"https://{host}/v2/", timeout=5) as answer:
            return f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"


def silent(address: str, port: int) -> str:
    try:
        socket.create_connection((address, port), SILENCE).close()
    except TimeoutError:
        return "no answer, and no error"
    raise RuntimeError("it answers")


def unresolved() -> str:
    try:
        address = socket.getaddrinfo("example.com", 443)[0][4][0]
    except socket.gaierror as error:
        return str(error)
    raise RuntimeError(f"example.com is {address}, for a VPC's resolver answers public names")


def verified(program: str) -> str:
    done = subprocess.run([program, "--json"], capture_output=True, text=True, check=False)
    try:
        codes = sorted({one["code"] for one in json.loads(done.stdout)["findings"]})
    except (ValueError, KeyError, TypeError):
        codes = [done.stderr or done.stdout]
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}: {', '.join(codes)}")
    return f"nothing that blocks: {', '.join(codes)}"


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
