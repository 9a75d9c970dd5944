"""Where this process runs, as ECS tells its containers."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from airlock_spec.configured import FARGATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECONDS = 2.0  # for what answers on this machine, by a link-local address


class Place(NamedTuple):
    """A task's ARN (or this host's name), its zone, region and account; "" where nobody tells."""

    task: str = ""
    zone: str = ""
    region: str = ""
    account: str = ""


def place(environ: Mapping[str, str], ask: Callable[[str], bytes]) -> Place:
    """Ask the task's metadata, which is no metadata of the machine, where ECS gives it; `ask` raises OSError.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
    """
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
    url = environ.get(FARGATE)
    if not url:
        return Place(socket.gethostname(), region=region)
    try:
        told = json.loads(ask(f"{url}/task"))
        arn = str(told.get("TaskARN", ""))
        zone = str(told.get("AvailabilityZone", ""))
    except (OSError, ValueError, AttributeError):
        return Place(socket.gethostname(), region=region)
    parts = arn.split(":")
    if len(parts) < 6:  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return Place(socket.gethostname(), zone, region)
    return Place(arn, zone, region or parts[3], parts[4])


def ask(url: str) -> bytes:
    """Return what is at a URL of plain HTTP. Raises OSError."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().read()
    except HTTPException as error:
        raise OSError(f"no HTTP: {error}") from error
    finally:
        connection.close()
