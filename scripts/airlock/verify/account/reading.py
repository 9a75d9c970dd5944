"""What is read at the same time: jobs that each fill one field of the inventory, and what became of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from airlock.errors import AwsError
from airlock.verify import policy
from airlock.verify.inventory import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airlock.verify.network import Place
    from airlock.verify.policy import Policy

THREADS = 16


class Job(NamedTuple):
    """One thing to read: `kind` is the field of Inventory that it fills."""

    kind: str
    read: Callable[[], Iterable[Any]]


class Reading:
    """What was found so far and what could not be read, by field of Inventory.

    What a job finds is whole or not there: a bucket whose policy may not be seen is no bucket without a policy.
    """

    def __init__(self) -> None:
        self.found: dict[str, list[Any]] = {}
        self._unread: dict[Unread, None] = {}

    def run(self, jobs: Iterable[Job]) -> None:
        """Do jobs at the same time. What AWS refuses is kept as unread; a bug is raised."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="account") as pool:
            begun = [(job.kind, pool.submit(_done, job)) for job in jobs]
        for kind, done in begun:
            try:
                self.add(kind, done.result())
            except AwsError as error:
                self.miss((kind,), error)

    def add(self, kind: str, found: Iterable[Any]) -> None:
        there = self.found.setdefault(kind, [])
        there += [one for one in found if one not in there]

    def miss(self, kinds: Iterable[str], error: AwsError) -> None:
        """Note what could not be read, and why, in one line."""
        cause = ": ".join(part for part in (error.fact, error.cause.partition("\n")[0]) if part)
        for kind in kinds:
            self._unread[Unread(kind, cause)] = None

    def of(self, kind: str) -> list[Any]:
        return self.found.get(kind, [])

    @property
    def unread(self) -> tuple[Unread, ...]:
        return tuple(sorted(self._unread, key=lambda one: (one.kind, one.cause)))


def _done(job: Job) -> list[Any]:
    return list(job.read())


def document(place: Place, name: str, told: str | Mapping[str, Any] | None) -> Policy | None:
    """Read a policy as AWS gives it; None where there is none. Raises AwsError where it is no JSON."""
    if not told:
        return None
    try:
        return policy.read(place, name, told)
    except ValueError as error:
        raise AwsError(f"the policy of {place.resource} cannot be read", cause=str(error)) from error
