"""From a repository's name to whoever answers for it: its credentials, and what its kind of registry can do more."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from airlock import ecr
from airlock.registry.authorization import Authorization, Credentials
from airlock.registry.client import THREADS, HttpRegistry
from airlock.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.registry.reference import Repository


def connect(repository: Repository, mount_from: Sequence[str] = ()) -> HttpRegistry:
    """Return a repository's registry; Amazon ECR is asked for a token, others for nothing yet.

    Amazon ECR takes a token of AWS's, which boto3's chain of credentials pays for; every other registry what
    Docker was given by `docker login`. `mount_from` are paths of repositories that blobs are mounted from.
    Raises AwsError.
    """
    scopes = (
        f"repository:{repository.path}:pull,push",
        *(f"repository:{path}:pull" for path in mount_from),
    )
    if ecr.is_ecr(repository.host):
        return _ecr(repository, scopes)
    find = functools.partial(_docker, repository)
    return HttpRegistry(repository, Transport(repository.url, Authorization(find, scopes), THREADS))


def _ecr(repository: Repository, scopes: tuple[str, ...]) -> HttpRegistry:
    control = ecr.connect(repository)
    first = [control.token()]  # which says where the registry is; those that follow are for when it ended

    def find() -> Credentials:
        token = first.pop() if first else control.token()
        return Credentials(token.user, token.password)

    transport = Transport(first[0].endpoint, Authorization(find, scopes), THREADS)
    return HttpRegistry(repository, transport, control.absent)


def _docker(repository: Repository) -> Credentials | None:
    from airlock import docker_connection  # noqa: PLC0415 - the SDK, which has its own time to import

    known = docker_connection.login(repository.host)
    return Credentials(*known) if known else None
