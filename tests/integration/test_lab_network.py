"""`airlock lab`: real namespaces, the real image and resolver, moto behind TLS; and afterwards nothing."""

from __future__ import annotations

import ast
import errno
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airlock import process
from airlock.errors import LabError, SandboxError
from airlock.up.folder import Process
from up_project import UpProject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
]

SLEEPER = "import time; time.sleep(271)"
ASK = """
import json, socket, sys, time
def tried(address, port):
    began = time.monotonic()
    try:
        socket.create_connection((address, port), 1.5).close()
        said = "answered"
    except OSError as error:
        said = type(error).__name__
    return said, time.monotonic() - began
names = {}
for name in sys.argv[2:]:
    try:
        names[name] = sorted({one[4][0] for one in socket.getaddrinfo(name, 443)})
    except socket.gaierror:
        names[name] = []
addresses = {one: tried(*one.rsplit(":", 1)) for one in sys.argv[1].split(",")}
print(json.dumps({"names": names, "addresses": addresses}))
"""
CALL = """
import json, time, boto3
began = time.monotonic()
try:
    answer = boto3.client("sts").get_caller_identity()["Account"]
except Exception as error:
    answer = f"{type(error).__name__}: {error}"
print(json.dumps([answer, time.monotonic() - began]))
"""
HOOK = """
import time
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
began = time.monotonic()
try:
    AwsBaseHook(client_type="ecs").conn.list_clusters()
except Exception as error:
    print(type(error).__name__, time.monotonic() - began)
"""

SCAN = """
import json, socket
for number in range(600):
    with socket.socket() as one:
        one.setblocking(False)
        one.connect_ex((f"8.8.{number // 200}.{number % 200 + 1}", 443))
print(600)
"""
UPLOAD = """
import boto3, socket, threading
client = boto3.client("s3")
body = b"x" * 40_000_000
sending = threading.Thread(target=lambda: client.put_object(Bucket="airlock-lab-data", Key="big", Body=body))
sending.start()
tried = 0
while sending.is_alive():
    with socket.socket() as one:
        one.setblocking(False)
        one.connect_ex((f"8.8.{tried // 200 % 200}.{tried % 200 + 1}", 443))
    tried += 1
    sending.join(0.005)
print(tried)
"""
OTHER_WAYS = """
import json, socket
said = {}
number = socket.if_nametoindex("eth0")
addresses = {"link": ("fe80::1", 443, 0, number), "all": ("ff02::1", 443, 0, number), "far": ("2001:db8::1", 443)}
for what, address in addresses.items():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        try:
            said[what] = one.sendto(b"x", address)
        except OSError:
            said[what] = "error"
with socket.socket(socket.AF_UNIX) as one:
    said["abstract"] = one.connect_ex(b"\\0airlock-test-lab")
print(json.dumps(said))
"""
OWN = "import os; print(sorted(name for name in os.environ if name.endswith(('_KEY', '_proxy', '_FILE'))))"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> UpProject:
    made = UpProject.create(tmp_path_factory.mktemp("lab") / "project")
    made.project.run("image")
    tried = made.run("lab", "run", "--", "true")
    if tried.returncode in (LabError.exit_code, SandboxError.exit_code):
        pytest.skip(f"no namespaces can be made here: {tried.stderr.decode()}")
    return made


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def run(project: UpProject, *arguments: str) -> Any:
    done = project.run("lab", "run", *arguments)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_names_resolve_as_in_a_vpc_and_what_has_no_endpoint_is_swallowed(
    project: UpProject, report: Path
) -> None:
    names = (
        "api.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "any-bucket.s3.us-east-1.amazonaws.com",
        "ecs.us-east-1.amazonaws.com",
        "example.com",
        "nothing.invalid",
    )
    tries = "10.20.2.10:443,10.20.9.9:443,8.8.8.8:53,169.254.169.254:80"

    found = run(project, "--report", str(report), "--", "python", "-c", ASK, tries, *names)

    leads = {
        name: addresses[0].rpartition(".")[0] if addresses else ""
        for name, addresses in found["names"].items()
    }
    assert [leads[name] for name in names[:3]] == ["10.20.2", "10.20.2", "198.51.100"]
    assert {leads[name] for name in names[3:5]} <= {"203.0.113", "192.0.2"}
    assert leads["nothing.invalid"] == ""
    said = {one: what for one, (what, _) in found["addresses"].items()}
    assert said.pop("10.20.2.10:443") == "answered"
    assert set(said.values()) == {"TimeoutError"}  # no error comes back, as none does there
    document = json.loads(report.read_text())
    assert {one["name"] for one in document["names"]} == set(names)
    assert {f"{one['address']}:{one['port']}" for one in document["addresses"]} == set(tries.split(","))


def test_an_endpoint_answers_at_once_with_the_tasks_role(project: UpProject) -> None:
    answer, seconds = run(project, "--", "python", "-c", CALL)

    assert answer == "123456789012"
    assert seconds < 2


def test_an_endpoint_that_is_left_out_is_a_call_that_nobody_answers(project: UpProject, report: Path) -> None:
    answer, seconds = run(project, "--without", "sts", "--report", str(report), "--", "python", "-c", CALL)

    assert answer.startswith("ConnectTimeoutError")
    assert 3 < seconds < 20
    (name,) = json.loads(report.read_text())["names"]
    assert (name["service"], name["way"]) == ("sts", "no endpoint: swallowed")


def test_airflows_hooks_give_up_as_early(project: UpProject) -> None:
    done = project.run("lab", "run", "--", "python", "-c", HOOK)

    what, seconds = done.stdout.decode().splitlines()[-1].split()
    assert what == "ConnectTimeoutError"
    assert float(seconds) < 20


def test_an_endpoint_can_be_added(project: UpProject) -> None:
    program = "import boto3; print(len(boto3.client('ecs').list_clusters()['clusterArns']))"

    assert run(project, "--with", "ecs", "--", "python", "-c", program) == 0


def test_the_exit_code_is_the_commands(project: UpProject) -> None:
    assert project.run("lab", "run", "--", "bash", "-c", "exit 7").returncode == 7
    assert project.run("lab", "run", "--", "no-such-program").returncode == 127


def test_the_command_has_no_power_over_its_network(project: UpProject) -> None:
    program = """
import socket
try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
except PermissionError:
    print("[1]")
"""

    assert run(project, "--", "python", "-c", program) == [1]


def test_a_program_of_this_machine_sees_the_same_network(project: UpProject) -> None:
    name = "api.ecr.us-east-1.amazonaws.com"
    program = f"import json, os, socket; print(json.dumps([socket.gethostbyname({name!r}), os.getuid()]))"

    found = run(project, "--host", "--", sys.executable, "-I", "-c", program)

    assert found == ["10.20.2.10", os.getuid()]


@pytest.mark.parametrize("program", [SCAN, UPLOAD])
def test_every_address_is_told_however_many_and_whatever_goes_by_beside(
    project: UpProject, report: Path, program: str
) -> None:
    tried = run(project, "--report", str(report), "--", "python", "-c", program)

    document = json.loads(report.read_text())
    told = [one for one in document["addresses"] if one["address"].startswith("8.8.")]
    assert sum(one["times"] for one in told) + document["missed"] >= tried > 50
    assert len(told) == tried or document["missed"]


def test_nothing_leaves_it_by_ipv6_or_by_sockets_of_this_machine_without_a_file(project: UpProject) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(b"\0airlock-test-lab")
        listening.listen()
        for where in ([], ["--host"]):
            python = sys.executable if where else "python"
            found = run(project, *where, "--", python, "-c", OTHER_WAYS)

            assert found.pop("abstract") == errno.ECONNREFUSED
            assert set(found.values()) == {"error"}


def test_a_program_of_this_machine_has_the_tasks_role_and_not_ones_own_keys(
    project: UpProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-this-machine")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")

    done = project.run("lab", "run", "--host", "--", sys.executable, "-c", OWN)

    assert "AWS_SHARED_CREDENTIALS_FILE" in done.stdout.decode()
    assert not {"AWS_SECRET_ACCESS_KEY", "https_proxy"} & set(ast.literal_eval(done.stdout.decode()))


def test_where_namespaces_are_forbidden_that_is_said(project: UpProject) -> None:
    forbid = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    command = project.project.command("lab", "run", "--", "true")

    done = process.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh", *command],
        env=project.project.variables(),
        check=False,
    )

    assert done.returncode == LabError.exit_code, done.stderr.decode()
    assert b"airlock run -- true" in done.stderr


def test_a_report_that_could_not_be_written_is_refused_before_anything_runs(project: UpProject) -> None:
    done = project.run("lab", "run", "--report", "/dev/null/report.json", "--", "echo", "ran")

    assert done.returncode == 2
    assert (done.stdout, b"nothing can be written in /dev/null" in done.stderr) == (b"", True)


def test_the_decisions_tests_hold_and_the_executor_is_dead_all_the_same(project: UpProject) -> None:
    done = project.run("lab", "adr", "--json")

    assert done.returncode == 0, done.stderr.decode()
    tests = json.loads(done.stdout)["tests"]
    of_the_adr = [one for one in tests if one["whose"] == "ADR-001"]
    assert [one["holds"] for one in of_the_adr] == [True] * 4
    assert max(one["seconds"] for one in of_the_adr) < 2
    (executor,) = [one for one in tests if one["service"] == "ecs"]
    assert not executor["holds"]


def test_a_test_whose_endpoint_is_left_out_does_not_hold(project: UpProject) -> None:
    done = project.run("lab", "adr", "--without", "logs", "--json")

    assert done.returncode == 1
    failed = [one["service"] for one in json.loads(done.stdout)["tests"] if not one["holds"]]
    assert failed == ["logs", "ecs", "", ""]  # and public names resolve, and airlock-verify says so of logs


@pytest.fixture(scope="module")
def dags(project: UpProject) -> dict[str, Any]:
    done = project.run("lab", "dags", "--json")
    print(done.stderr.decode())  # noqa: T201 - shown where it fails
    return dict(json.loads(done.stdout))


def test_airflow_runs_every_dag_in_it(dags: dict[str, Any]) -> None:
    states = {one["dag"]: one["state"] for one in dags["dags"]}

    expected = (
        "ask_outside",
        "copy_objects",
        "image_report",
        "preflight",
        "secret_connection",
        "wait_for_object",
    )
    assert states == dict.fromkeys(expected, "success")


def test_airflow_tries_nothing_that_is_not_there(dags: dict[str, Any]) -> None:
    ways = {one["way"] for key in ("names", "addresses") for one in dags["tried"][key]}

    assert ways == {"endpoint", "gateway endpoint", "the task's role and metadata"}
    assert any(one["name"].startswith("airlock-lab-logs.s3.") for one in dags["tried"]["names"])


@pytest.mark.parametrize(
    ("service", "dag"), [("secretsmanager", "secret_connection"), ("s3", "wait_for_object")]
)
def test_a_dag_that_lacks_an_endpoint_fails_soon_and_names_it(
    project: UpProject, service: str, dag: str
) -> None:
    done = project.run("lab", "dags", "--json", "--without", service, dag)

    assert done.returncode == 1
    (ran,) = json.loads(done.stdout)["dags"]
    assert ran["state"] == "failed"
    assert ran["seconds"] < 120
    assert f"VPC endpoint com.amazonaws.us-east-1.{service}" in ran["said"]


def below(pid: int) -> set[Process]:
    """Return the processes that one has started, and those that they have."""
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return set()
    found = {one for word in words if (one := Process.of(int(word)))}
    return found | {each for one in found for each in below(one.pid)}


def sleeps(one: Process) -> bool:
    try:
        return Path(f"/proc/{one.pid}/cmdline").read_bytes() == f"python\0-c\0{SLEEPER}\0".encode()
    except OSError:
        return False


@pytest.fixture
def sleeping(project: UpProject) -> Iterator[process.Running]:
    command = project.project.command("lab", "run", "--", "python", "-c", SLEEPER)
    running = process.start(command, env=project.project.variables())
    try:
        wait_until(lambda: any(sleeps(one) for one in below(running.pid)))
        yield running
    finally:
        running.kill()
        running.communicate()


def wait_until(reached: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_ends_airlock_ends_all_of_it(sleeping: process.Running, number: signal.Signals) -> None:
    started = below(sleeping.pid)
    assert len(started) > 5

    sleeping.send_signal(number)

    wait_until(lambda: not any(one.lives for one in started), 10)


def test_ctrl_c_is_the_commands_and_the_report_comes_all_the_same(project: UpProject) -> None:
    command = project.project.command("lab", "run", "--", "python", "-c", SLEEPER)
    running = process.start(["setsid", *command], env=project.project.variables())
    wait_until(lambda: any(sleeps(one) for one in below(running.pid)))
    time.sleep(0.5)  # for Python to take interrupts

    os.killpg(running.pid, signal.SIGINT)

    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"no name was asked for, and no address was tried" in said


def test_the_command_leaves_no_file(project: UpProject) -> None:
    folder = Path(project.project.variables()["AIRLOCK_CACHE"]) / "lab"

    assert project.run("lab", "run", "--", "true").returncode == 0

    assert list(folder.iterdir()) == []
