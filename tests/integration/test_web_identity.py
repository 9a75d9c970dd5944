"""A job's identity over HTTP: from the service that gives it, by way of a file and STS, to a call of AWS."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import sys
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from moto.server import ThreadedMotoServer

import moto_ecs
from airlock import ecs, process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEARER, TOKEN = "bearer-of-the-job", "header.claims.signature"


@pytest.fixture
def service() -> Iterator[str]:
    """Give the URL of what answers as GitHub's service does; the first request gets 503."""
    busy = [True]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            audience = parse_qs(urlsplit(self.path).query).get("audience")
            known = self.headers["Authorization"] == f"bearer {BEARER}" and audience == ["sts.amazonaws.com"]
            self.send_response(503 if busy.pop() else 200 if known else 401)
            busy.append(False)
            self.end_headers()
            self.wfile.write(json.dumps({"value": TOKEN}).encode())

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's own name
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0"
        server.shutdown()


def written(service: str, bearer: str, file: Path) -> tuple[int, str]:
    given = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": service,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
    }
    command = [sys.executable, "-m", "airlock.web_identity"]
    done = process.run(command, env={**os.environ, **given}, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_the_role_is_taken_with_the_jobs_own_identity(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    assert written(service, BEARER, file) == (0, "")
    assert file.read_text() == TOKEN
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        requests.post(f"{endpoint}/moto-api/reset", timeout=10).raise_for_status()
        access = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        moto_ecs.make(endpoint_url=endpoint, **access).service("api", "host/airflow:1")
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        place = {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": moto_ecs.REGION}
        role = {"AWS_ROLE_ARN": f"arn:aws:iam::{moto_ecs.ACCOUNT}:role/release"}
        alone = {
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        }
        for name, value in {**place, **role, **alone, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}.items():
            monkeypatch.setenv(name, value)
        assert list(ecs.connect(moto_ecs.CLUSTER).services(["api"])) == ["api"]


def test_a_job_that_is_refused_is_told_without_its_secret(service: str, tmp_path: Path) -> None:
    code, said = written(service, "another", tmp_path / "token")
    assert code == 1
    assert "there is no identity for this job" in said
    assert "status 401" in said
    assert "another" not in said
    assert "Traceback" not in said
    assert not (tmp_path / "token").exists()
