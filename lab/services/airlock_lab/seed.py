"""What the lab's AWS holds at its start: buckets, objects, log groups, secrets, as a file says.

Planting again changes nothing but objects, which get their content back.
"""

from __future__ import annotations

import json
import secrets
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airlock_lab.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

RANDOM = "{random}"  # in a secret: a word that nobody knows before
_KEYS = {"buckets", "log-groups", "objects", "queues", "repositories", "secrets"}
_THERE = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "BucketAlreadyExists",
        "QueueAlreadyExists",
        "RepositoryAlreadyExistsException",
        "ResourceAlreadyExistsException",
        "ResourceExistsException",
    }
)


@dataclass(frozen=True)
class Seed:
    """The file, and what it asks for."""

    path: Path
    document: Mapping[str, Any]

    def list(self, key: str) -> tuple[str, ...]:
        return tuple(self.document.get(key, ()))

    @property
    def secrets(self) -> Iterator[tuple[str, str]]:
        """Give each secret's name and text; a table becomes JSON, as Airflow reads a connection."""
        for name, value in self.document.get("secrets", {}).items():
            text = value if isinstance(value, str) else json.dumps(value)
            yield name, text.replace(RANDOM, secrets.token_hex(16))

    def objects(self, today: date) -> Iterator[tuple[str, str, str]]:
        """Give each object's bucket, key and content."""
        days = {"{today}": today, "{yesterday}": today - timedelta(days=1)}
        for bucket, content in self.document.get("objects", {}).items():
            for name, text in content.items():
                key = name
                for word, day in days.items():
                    key = key.replace(word, day.isoformat())
                yield bucket, key, text


def read(path: Path) -> Seed:
    """Read the file. Raises RefusedError where it cannot be used."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(f"the seed {path} cannot be read: {error}") from error
    if unknown := sorted(document.keys() - _KEYS):
        raise RefusedError(
            f"the seed {path} has unknown keys {', '.join(unknown)}; known are {', '.join(_KEYS)}"
        )
    return Seed(path, document)


def plant(seed: Seed, client: Callable[[str], Any]) -> None:
    """Make what the seed asks for where a client, by the name of its service, leads to."""
    s3, logs, manager, sqs, ecr = map(client, ("s3", "logs", "secretsmanager", "sqs", "ecr"))
    for bucket in seed.list("buckets"):
        _unless_there(s3.create_bucket, Bucket=bucket)
    for bucket, key, text in seed.objects(datetime.now(UTC).date()):
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
    for group in seed.list("log-groups"):
        _unless_there(logs.create_log_group, logGroupName=group)
    for queue in seed.list("queues"):
        _unless_there(sqs.create_queue, QueueName=queue)
    for repository in seed.list("repositories"):
        _unless_there(ecr.create_repository, repositoryName=repository)
    for name, text in seed.secrets:
        _unless_there(manager.create_secret, Name=name, SecretString=text)


def _unless_there(make: Callable[..., object], **what: str) -> None:
    try:
        make(**what)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _THERE:
            raise
