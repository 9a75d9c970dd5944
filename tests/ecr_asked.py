"""airlock's client of Amazon ECR, answered by the stub without sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ecr_stub_api
from airlock import ecr
from airlock.registry.reference import Repository
from ecr_stub import HOST
from ecr_stub_world import Seen

if TYPE_CHECKING:
    from airlock.ecr import Ecr
    from ecr_stub_world import World

NAME = "team/airflow"
HERE = Repository(HOST, NAME)


def answered(world: World, repository: Repository = HERE) -> Ecr:
    """Return a repository's control plane, whose requests end at boto3's door and go to the stub."""
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - few tests need it

    made = ecr.connect(repository)

    def answer(request: Any, **_: Any) -> Any:
        action = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        world.requests.append(Seen("POST", "/", authorized=True, size=len(request.body), action=action))
        told = ecr_stub_api.answer(world, action, json.loads(request.body))
        headers: Any = told.headers
        response: Any = AWSResponse(request.url, told.status, headers, None)
        response._content = told.body
        return response

    events: Any = made.client.meta.events  # whose stubs forget that a handler may answer
    events.register("before-send.ecr", answer)
    return made
