"""From a repository's name to whoever answers for it: its credentials, and what its kind of registry can do more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.registry.authorization import Authorization, Credentials
from airlock.registry.client import THREADS, HttpRegistry
from airlock.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.registry.reference import Repository


def connect(repository: Repository, mount_from: Sequence[str] = ()) -> HttpRegistry:
    """Return a repository's registry, which is asked for nothing yet.

    Amazon ECR takes a token of AWS's, which boto3's chain of credentials pays for; every other registry what
    Docker was given by `docker login`. `mount_from` are paths of repositories that blobs are mounted from.
    """
    from airlock import docker_connection  # noqa: PLC0415 - the SDK, which has its own time to import

    def find() -> Credentials | None:
        known = docker_connection.login(repository.host)
        return Credentials(*known) if known else None

    scopes = (
        f"repository:{repository.path}:pull,push",
        *(f"repository:{path}:pull" for path in mount_from),
    )
    return HttpRegistry(repository, Transport(repository.url, Authorization(find, scopes), THREADS))
