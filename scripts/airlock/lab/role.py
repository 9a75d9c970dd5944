"""What ECS gives to a task at 169.254.170.2: the credentials of its role, and its metadata (version 4)."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from airlock.lab.vpc import TASK, TASK_ROLE
from airlock_spec.lab import ACCOUNT, REGION

PORT = 80
_CREDENTIALS = "/v2/credentials/lab"
_METADATA = "/v4/lab"
_LIFE = timedelta(hours=6)
# What a task finds in its environment, https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": _CREDENTIALS,
    "ECS_CONTAINER_METADATA_URI_V4": f"http://{TASK_ROLE}{_METADATA}",
}


class Handler(BaseHTTPRequestHandler):
    """Answers GET."""

    protocol_version = "HTTP/1.1"
    secret: ClassVar[str] = secrets.token_hex(
        20
    )  # nobody checks it; it is no constant, so that none is taken for real

    def do_GET(self) -> None:
        found = documents(self.secret, datetime.now(UTC)).get(self.path.rstrip("/"))
        content = json.dumps(found if found is not None else {"message": "there is no such path"}).encode()
        self.send_response(HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the report of the lab says that it was asked."""


def server() -> ThreadingHTTPServer:
    return ThreadingHTTPServer((TASK_ROLE, PORT), Handler)


def documents(secret: str, now: datetime) -> dict[str, Any]:
    """Return what is at each path."""
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    network = {"NetworkMode": "awsvpc", "IPv4Addresses": [TASK]}
    container = {
        "DockerId": "lab",
        "Name": "airflow",
        "Labels": {"com.amazonaws.ecs.cluster": "lab", "com.amazonaws.ecs.task-arn": f"{arn}:task/lab/lab"},
        "KnownStatus": "RUNNING",
        "Networks": [network],
    }
    return {
        _CREDENTIALS: {
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/lab-task",
            "AccessKeyId": "ASIALABLABLABLABLABL",
            "SecretAccessKey": secret,
            "Token": secret,
            "Expiration": (now + _LIFE).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        _METADATA: container,
        f"{_METADATA}/task": {
            "Cluster": "lab",
            "TaskARN": f"{arn}:task/lab/lab",
            "Family": "lab",
            "Revision": "1",
            "KnownStatus": "RUNNING",
            "LaunchType": "FARGATE",
            "AvailabilityZone": f"{REGION}a",
            "Containers": [container],
        },
    }
