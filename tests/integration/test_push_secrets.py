"""No password, token, Authorization header or signed URL is told, whichever way a push ends.

Everything that pushes say and write is searched: both streams, JSON, tracebacks, the project and its cache.
"""

from __future__ import annotations

import base64
import json
import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

import ecr_stub
import faults
from airlock import process
from airlock.errors import AirlockError
from airlock.push.dry_run import DryRun
from airlock.registry import connecting
from airlock.registry.reference import Repository
from ecr_stub_world import World
from fault_proxy import proxy
from faults import BEGIN, BLOB, MANIFEST, UPLOAD, On
from pushing import Small
from registries import PASSWORD, USER, registry
from web_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from faults import Schedule
    from project import Project
    from reduced import Built
    from registries import RunningRegistry

pytestmark = pytest.mark.real

TOKEN, WRONG, SIGNATURE = "bearer-t0ken-of-a-test", "wr0ng-passw0rd-of-a-test", "51gnature0fatest"
AWS = {
    "AWS_SECRET_ACCESS_KEY": "aws-secret-0f-a-test",
    "AWS_SESSION_TOKEN": "aws-session-t0ken-of-a-test",
}
SIGNED = f"X-Amz-Signature={SIGNATURE}"
DONE, REFUSED = 0, 28


def basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


SECRETS = [
    PASSWORD, basic(USER, PASSWORD), WRONG, basic(USER, WRONG), TOKEN, SIGNATURE, *AWS.values(),
]  # fmt: skip
ECHO = json.dumps(
    {"errors": [{"code": "DENIED", "message": f"Basic {basic(USER, PASSWORD)}: {USER} may not"}]}
).encode()


@dataclass(frozen=True)
class Case:
    """What goes wrong, what the user has, and how the push ends."""

    name: str
    schedule: Schedule = field(default_factory=faults.Honest)
    password: str = PASSWORD
    code: int = REFUSED
    words: tuple[str, ...] = ()


def elsewhere(query: str) -> faults.Fault:
    """Answer with an upload's place on a host where nobody listens."""
    return faults.answers(202, {"Location": f"http://127.0.0.1:9/upload?{query}"})


CASES = (
    Case("success", code=DONE),
    Case("json", code=DONE, words=("--json",)),
    Case("dry", code=DONE, words=("--dry-run", "--json")),
    Case("password", password=WRONG),
    Case("nobody", password=""),
    Case("denied", On(faults.answers(403), BEGIN)),
    Case("echo", On(faults.Fault("an echo", status=403, body=ECHO), BEGIN)),
    Case("missing", On(faults.answers(404), BEGIN)),
    Case("busy", On(faults.answers(429, {"Retry-After": "1"}), BLOB)),
    Case("error", On(faults.answers(500), MANIFEST, "PUT")),
    Case("reset", On(faults.cuts_request(100), UPLOAD)),
    Case("cut", On(faults.cuts_answer(), MANIFEST)),
    Case("swallowed", On(faults.SWALLOW)),
    Case("signed", On(elsewhere(SIGNED), BEGIN)),
    Case("moved", On(faults.answers(307, {"Location": f"https://127.0.0.1:9/m?{SIGNED}"}), MANIFEST)),
    Case("nowhere", On(faults.answers(202, {"Location": f"ftp://nobody:{SIGNATURE}@x/?{SIGNED}"}), BEGIN)),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with registry(tmp_path_factory.mktemp("registry"), password=True) as found:
        yield found


@pytest.fixture(scope="module")
def project(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return built.warm(tmp_path_factory.mktemp("pushed"))


def docker_config(folder: Path, host: str, password: str = PASSWORD) -> dict[str, str]:
    folder.mkdir(exist_ok=True, parents=True)
    auths = {host: {"auth": basic(USER, password)}} if password else {}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    return {"DOCKER_CONFIG": str(folder)}


def push(project: Project, repository: str, env: Mapping[str, str], *words: str) -> tuple[int, str]:
    """Push as a developer of airlock would look for a fault; return the code and all that was said."""
    command = project.command("push", "--offline", "--repository", repository, "--tag", "released", *words)
    command[1:1] = ["-X", "dev"]
    told = {**project.variables(), **AWS, "PYTHONFAULTHANDLER": "1", **env}
    done = process.run(command, env=told, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def require_no_secret(text: str, *more: str) -> None:
    for secret in (*SECRETS, *more):
        assert secret not in text, f"{secret} in {text[-2000:]}"


def require_no_secret_in_files(project: Project, *more: str) -> None:
    searched = 0
    for folder in (project.folder, project.cache / "cache", project.cache / "trees"):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                content, searched = path.read_bytes(), searched + 1
                assert not [secret for secret in (*SECRETS, *more) if secret.encode() in content], path
    assert searched > 100


def test_no_end_of_a_push_tells_a_secret(project: Project, running: RunningRegistry, tmp_path: Path) -> None:
    def run(case: Case) -> tuple[Case, int, str]:
        with proxy(running.host, case.schedule) as between:
            env = docker_config(tmp_path / case.name, between.host, case.password)
            code, said = push(project, f"{between.host}/secrets/{case.name}", env, *case.words)
            assert case.password or not any(one.authorization for one in between.seen)
            return case, code, said

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, CASES))
    told = [case for case, _, said in done if any(secret in said for secret in SECRETS)]
    assert not told
    for case, code, said in done:
        assert code == case.code, (case.name, said)
        assert "Traceback" not in said, case.name
        require_no_secret(said)
    require_no_secret_in_files(project)


def test_a_token_and_who_gives_it_are_not_told(
    project: Project, running: RunningRegistry, tmp_path: Path
) -> None:
    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        refused = path.startswith("/refuses")
        return (401 if refused else 200), json.dumps({"token": TOKEN, "details": TOKEN}).encode()

    with serving(Served(program=answer)) as port:
        for realm in ("gives", "refuses"):
            challenge = f'Bearer realm="http://127.0.0.1:{port}/{realm}",service="{SIGNATURE}"'
            with proxy(running.host, On(faults.answers(401, {"WWW-Authenticate": challenge}))) as between:
                env = docker_config(tmp_path / realm, between.host)
                code, said = push(project, f"{between.host}/secrets/token", env)
                assert code == REFUSED, said
                assert any(one.authorization for one in between.seen) == (realm == "gives")
                require_no_secret(said)
    require_no_secret_in_files(project)


def test_what_a_credential_helper_says_is_not_told(
    project: Project, running: RunningRegistry, tmp_path: Path
) -> None:
    program = tmp_path / "docker-credential-talks"
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {running.host: "talks"}}))
    env = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    for ending in ("exit 1", "exit 0", "kill -9 $$"):
        program.write_text(f"#!/bin/sh\necho '{TOKEN}'\n{ending}\n")
        program.chmod(0o755)
        code, said = push(project, f"{running.host}/secrets/helper", env)
        assert code in {3, REFUSED}, said
        require_no_secret(said)


def test_aws_s_keys_and_the_token_of_ecr_are_not_told(project: Project) -> None:
    with ecr_stub.serving(World()) as world:
        world.create("airflow")
        env = ecr_stub.environment(world) | AWS
        ends = [push(project, f"{ecr_stub.HOST}/airflow", env)]
        ends += [push(project, f"{ecr_stub.HOST}/airflow", env, "--json")]
        ends += [push(project, f"{ecr_stub.HOST}/missing", env)]
        world.denied = {"GetAuthorizationToken"}
        ends += [push(project, f"{ecr_stub.HOST}/airflow", env)]
        world.denied, world.token_seconds = set(), -1.0
        ends += [push(project, f"{ecr_stub.HOST}/airflow", env)]
        tokens = [*world.tokens, *(basic("AWS", token) for token in world.tokens)]
    assert [code for code, _ in ends[:2]] == [DONE, DONE], ends
    assert all(code != DONE for code, _ in ends[2:])
    assert len(tokens) >= 6
    for _, said in ends:
        assert "Traceback" not in said
        require_no_secret(said, *tokens)
    require_no_secret_in_files(project, *tokens)


@pytest.mark.parametrize("wrong", [True, False])
def test_neither_objects_nor_tracebacks_tell_a_secret(
    running: RunningRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, wrong: bool
) -> None:
    image = Small.make(tmp_path / "layout", {"one": 1000})
    with proxy(running.host, On(elsewhere(SIGNED), BEGIN)) as between:
        env = docker_config(tmp_path / "docker", between.host, WRONG if wrong else PASSWORD)
        monkeypatch.setenv("DOCKER_CONFIG", env["DOCKER_CONFIG"])
        monkeypatch.setattr("airlock.registry.transport.LONGEST_PAUSE", 0.01)
        with pytest.raises(AirlockError) as caught:
            image.push(between.host, "secrets/objects")
        require_no_secret("".join(traceback.format_exception(caught.value)))
        require_no_secret(repr(caught.value) + repr(vars(caught.value)))

        there = connecting.connect(Repository(running.host, "secrets/objects"))
        held = [
            there,
            DryRun(there.repository, there),
            there._http,
            there._http._authorization,
            there._http._session,
        ]
        require_no_secret(" ".join(map(repr, [*held, connecting._docker(Repository(between.host, "x"))])))
