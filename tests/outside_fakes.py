"""What the function outside talks to, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock_outbox.calling import Answer, Call
from airlock_outbox.objects import SecretError, Stored
from airlock_spec.outbox.claim import Claim, State
from airlock_spec.outbox.layout import Layout
from memory_bucket import MemoryBucket, etag_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airlock_spec.outbox.request import Request, Secret

LAYOUT = Layout()
POLICY = """{"hosts": {
  "API.example.com": {"methods": ["GET", "POST"], "paths": ["/v1/"], "secrets": ["airflow-outside/api-token"]},
  "plain.example.com:8080": {"methods": ["GET"], "plain": true}
}}"""


@dataclass
class Bucket(MemoryBucket):
    """The function's view of a bucket in memory."""

    def read(self, key: str, most: int) -> Stored | None:
        data = self.objects.get(key)
        return None if data is None else Stored(data if len(data) <= most else None, etag_of(data))


class Secrets:
    def get(self, secret: Secret) -> str:
        if secret.secret != "airflow-outside/api-token":  # noqa: S105 - its name
            raise SecretError(f"secret {secret.secret} cannot be read: ResourceNotFoundException")
        return "s3cr3t-value"


@dataclass
class Caller:
    """Says what it is told to; notes what it was asked."""

    say: Callable[[Call], Answer] = lambda call: Answer(200, call.url, {"content-type": "text/plain"}, b"yes")
    calls: list[Call] = field(default_factory=list)

    def call(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.say(call)


def written(bucket: Bucket, request: Request) -> str:
    bucket.put(LAYOUT.request(request.id), request.to_json())
    bucket.writes.clear()
    return request.id


def raising(error: Exception) -> Callable[[Call], Answer]:
    def say(call: Call) -> Answer:
        raise error

    return say


def taken(bucket: Bucket, name: str, holder: str, until: datetime, state: State = State.TAKEN) -> None:
    bucket.put(LAYOUT.claim(name), Claim(name, state, holder, until).to_json())
