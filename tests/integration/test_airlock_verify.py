"""`airlock-verify` in the composed image: without a network, in silence, and beside the lab's double of AWS."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airlock import process
from airlock_spec.reach import observed
from airlock_spec.reach.observed import Kind, Observed, Outcome
from airlock_spec.reach.rules import findings
from containers import Container, Engine
from networks import internal_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

REPOSITORY = Path(__file__).parents[2]
NAMES = tuple(f"{name}.us-east-1.amazonaws.com" for name in ("kms", "logs", "secretsmanager", "s3"))
ALIASES = (*NAMES, "airlock-lab-data.s3.us-east-1.amazonaws.com", "db.internal", "vault.internal")
BUNDLE = "/certificates/ca.pem"
# A name server that hears and says nothing, and the command beside it.
SILENT = """
import socket, subprocess, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""
# A network where every address has a way that leads into silence, and names have addresses by a file.
SILENCE = """
set -e
ip link set lo up
ip link add silent0 type veth peer name silent1
ip link set silent1 up
ip addr add 10.0.0.1/24 dev silent0
ip link set silent0 up
ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev silent0 nud permanent
ip route add default via 10.0.0.9
mount --bind "$1" /etc/hosts
exec "$2" -c 'from airlock_verify.cli import main; main()' --json --timeout 1 --within 4 --service s3 --service logs
"""
TIMED = """
import resource, subprocess
subprocess.run(["airlock-verify", "--help"], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""


@dataclass(frozen=True)
class Ran:
    """What `airlock-verify --json` printed, how it ended, and after how many seconds."""

    code: int
    document: dict[str, Any]
    seconds: float

    @property
    def seen(self) -> Observed:
        return observed.parse(json.dumps(self.document))

    def told(self, code: str) -> list[str]:
        """Return what is said with a code, each from its first word: the destination."""
        return [one["message"].partition(" ")[0] for one in self.document["findings"] if one["code"] == code]


def ran(image: Image, *options: str, words: tuple[str, ...]) -> Ran:
    begun = time.monotonic()
    command = ("run", "--rm", *image.options, *options, image.reference, *words)
    done = image.engine.run(*command, check=False)
    assert done.stdout, done.stderr.decode()
    return Ran(done.returncode, json.loads(done.stdout), time.monotonic() - begun)


@pytest.fixture(scope="module")
def double(image: Image, lab_image: str) -> Iterator[tuple[str, ...]]:
    """Bring the lab's double of AWS up in an internal network; give the options of a container beside it."""
    volume = f"airlock-test-{uuid.uuid4().hex[:12]}"
    with internal_network(image.engine) as network, certificates(image.engine, volume):
        aliases = [word for name in ALIASES for word in ("--network-alias", name)]
        place = ("--network", network.name, "--volume", f"{volume}:/certificates", "--tmpfs", "/tmp")  # noqa: S108
        named = ("run", "--detach", "--name", f"{network.name}-aws", "--env", "AWS_REGION=us-east-1")
        image.engine.run(*named, *place, *aliases, lab_image, "aws")
        with Container(image.engine, f"{network.name}-aws") as aws:
            healthy(aws)
            variables = {"AWS_REGION": "us-east-1", "AWS_CA_BUNDLE": BUNDLE}
            given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
            yield ("--network", network.name, "--volume", f"{volume}:/certificates:ro", *given)


@contextmanager
def certificates(engine: Engine, name: str) -> Iterator[None]:
    engine.run("volume", "create", name)
    try:
        yield
    finally:
        engine.run("volume", "rm", "--force", name)


def healthy(aws: Container) -> None:
    for _ in range(60):
        if not aws.engine.run("exec", aws.name, "lab-health", "aws", check=False).returncode:
            return
        time.sleep(0.5)
    raise AssertionError(aws.engine.run("logs", aws.name, check=False).stderr.decode())


def test_without_a_network_nothing_is_reached_and_that_takes_no_time(image: Image) -> None:
    words = ("airlock-verify", "--json", "--service", "sqs", "--endpoint", "10.0.0.1:5432")
    found = ran(image, "--env", "AWS_REGION=eu-west-1", words=words)

    assert found.code == 1
    assert found.told("AL901") == [f"{name}.eu-west-1.amazonaws.com" for name in ("secretsmanager", "sqs")]
    assert found.told("AL907") == ["10.0.0.1:5432"]
    assert [one for one in found.seen.sights if one.answered] == []
    assert found.seen.seconds < 5


def test_a_name_server_that_says_nothing_is_not_waited_for_beyond_the_bound(image: Image) -> None:
    words = ("python", "-c", SILENT, "airlock-verify", "--json", "--within", "3")
    found = ran(image, "--dns", "127.0.0.1", "--env", "AWS_REGION=eu-west-1", words=words)

    (sight,) = [one for one in found.seen.sights if one.kind is Kind.ENDPOINT]
    assert (sight.late, found.code) == (True, 1)
    assert sight.unresolved == "has no outcome within 3 s: does the name server answer?"
    assert 3 <= found.seen.seconds < 4
    assert found.seconds < 10


def test_beside_endpoints_that_answer_only_what_is_missing_is_found(
    image: Image, double: tuple[str, ...]
) -> None:
    database = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql://a:hunter2@db.internal/airflow"
    words = (
        "airlock-verify",
        "--json",
        "--service",
        "kms",
        "--service",
        "sqs",
        "--endpoint",
        "vault.internal",
    )
    bucket = "AIRLOCK_DAGS=s3://airlock-lab-data/dags"
    networked = replace(image, options=image.options[2:])  # without --network none
    found = ran(networked, *double, "--env", database, "--env", bucket, words=words)

    answered = {one.destination: one.answered for one in found.seen.sights if one.answered}
    assert set(answered) == {
        "kms.us-east-1.amazonaws.com",
        "secretsmanager.us-east-1.amazonaws.com",
        "airlock-lab-data.s3.us-east-1.amazonaws.com",
    }
    assert all(one is not None and one.said.startswith("TLSv1.3, HTTP ") for one in answered.values())
    assert found.told("AL901") == ["sqs.us-east-1.amazonaws.com"]
    assert found.told("AL904") == ["vault.internal:443"]
    assert found.told("AL907") == ["db.internal:5432"]
    assert {one["code"] for one in found.document["findings"]} == {"AL901", "AL904", "AL907"}
    assert "hunter2" not in json.dumps(found.document)
    assert found.seen.seconds < 20


def test_people_are_told_in_text_and_a_wrong_command_line_ends_with_2(image: Image) -> None:
    done = image.engine.run("run", "--rm", *image.options, image.reference, "airlock-verify", check=False)
    assert done.returncode == 2  # the image asks Secrets Manager, in no region
    assert done.stderr.decode() == "airlock-verify: in which region? Set AWS_REGION, or give --region\n"

    words = ("airlock-verify", "--region", "eu-west-1")
    done = image.engine.run("run", "--rm", *image.options, image.reference, *words, check=False)
    assert done.returncode == 1
    assert "1 error; looked at 10 destinations in" in done.stdout.decode()


def test_its_start_costs_less_than_a_third_of_a_second_of_processor_time(image: Image) -> None:
    assert min(float(image.text("python", "-c", TIMED)) for _ in range(3)) < 0.3


def test_the_sandbox_of_airlock_run_is_no_way_out() -> None:
    airlock = (sys.executable, "-m", "airlock", "--project", REPOSITORY)
    process.run([*airlock, "image"])
    words = ("run", "--env", "AWS_REGION=eu-west-1", "--", "airlock-verify", "--json")
    done = process.run([*airlock, *words], check=False)

    assert done.returncode == 1, done.stderr.decode()
    seen = observed.parse(done.stdout.decode())
    assert [one.destination for one in seen.sights if one.answered] == []
    assert seen.seconds < 5


def test_silence_is_found_within_the_bound_although_a_bucket_has_many_addresses(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a network of its own is made: make integration-as-root")
    hosts = [f"52.216.0.{number} s3.eu-west-1.amazonaws.com" for number in range(1, 9)]
    lines = ["127.0.0.1 localhost", *hosts, "10.0.0.9 logs.eu-west-1.amazonaws.com"]
    (tmp_path / "hosts").write_text("\n".join([*lines, "52.94.0.1 example.com", ""]))
    command = ("unshare", "--net", "--mount", "bash", "-c", SILENCE, "-", tmp_path / "hosts", sys.executable)
    library = REPOSITORY / "image" / "rootfs" / "opt" / "airlock" / "lib"
    place = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path), "AWS_REGION": "eu-west-1"}
    done = process.run(command, env={**place, "PYTHONPATH": str(library)}, check=False)

    assert done.returncode == 1, done.stderr.decode()
    seen = observed.parse(done.stdout.decode())
    found = {one.message.partition(" ")[0]: one.code for one in findings(seen) if one.code == "AL903"}
    assert set(found) == {"s3.eu-west-1.amazonaws.com", "logs.eu-west-1.amazonaws.com"}
    outside = next(one for one in seen.sights if one.destination == "1.1.1.1:443")
    assert [one.outcome for one in outside.attempts] == [Outcome.SILENT]
    assert seen.seconds < 5
