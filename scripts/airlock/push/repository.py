"""What a repository of images should be, how the one that is there differs, and making it so.

Only Amazon ECR has settings that can be looked at; of any other registry that is said, and no more.
"""

from __future__ import annotations

import contextlib
import fnmatch
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from airlock import ecr
from airlock.aws_failures import DeniedError
from airlock.ecr_settings import EcrSettings
from airlock.errors import AwsError, RepositoryError
from airlock.push import lifecycle
from airlock.push.drift import IMMUTABLE, Wanted, drift, exclusions, tags, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.ecr_settings import Found
    from airlock.push.drift import Drift
    from airlock.registry.reference import Repository
    from airlock.release_settings import Push
    from airlock.terminal import Terminal

_REGISTRY = (
    "the registry alone decides, for all its repositories: aws ecr put-registry-scanning-configuration"
)
_BEFORE = "-before"  # ends the tag of what a service ran before
_LONGEST = 100  # characters of a service's name in a tag, which has 128 at most
_NO_TAG = re.compile(r"[^A-Za-z0-9_.-]+")


class Control(Protocol):
    """What sets a repository up: ECR, or what only tells what would be done."""

    def found(self) -> Found | None: ...

    def create(self, mutability: str, exclusions: Sequence[str], kms_key: str) -> bool:
        """Return False where there is such a repository already."""
        ...

    def set_mutability(self, mutability: str, exclusions: Sequence[str]) -> None: ...

    def set_scan_on_push(self) -> bool:
        """Return False where the registry alone decides what is scanned."""
        ...

    def set_lifecycle(self, policy: str) -> None: ...


class Tags(Protocol):
    """The tags of a repository, "" where there is none of a name."""

    def digest_of(self, tag: str) -> str: ...

    def put_tag(self, digest: str, tag: str) -> None: ...


@dataclass(frozen=True)
class Standing:
    """How a repository stands: what of it is not as it should be, and what it is, as far as that is known."""

    drifts: tuple[Drift, ...] = ()
    found: Found | None = None
    missing: bool = False  # there is none: a dry run made none

    def is_immutable(self, tag: str) -> bool:
        """Whether a tag that names an image can never name another (ECR: tag immutability and its exclusions)."""
        if self.found is None:
            return False
        excluded = any(fnmatch.fnmatchcase(tag, pattern) for pattern in self.found.exclusions)
        return self.found.mutability.startswith("IMMUTABLE") != (
            excluded and self.found.mutability.endswith("_WITH_EXCLUSION")
        )


class DryRun:
    """A `Control` that looks at a repository and tells what would be done to it."""

    def __init__(self, control: Control, terminal: Terminal) -> None:
        self._control, self._terminal = control, terminal

    def found(self) -> Found | None:
        return self._control.found()

    def create(self, mutability: str, exclusions: Sequence[str], kms_key: str) -> bool:
        key = f", encrypted with {kms_key}" if kms_key else ""
        self._would(f"create the repository: {tags(mutability, exclusions)}, scanned on push{key}")
        return True

    def set_mutability(self, mutability: str, exclusions: Sequence[str]) -> None:
        self._would(f"make its tags {tags(mutability, exclusions)}")

    def set_scan_on_push(self) -> bool:
        self._would("have images scanned on push")
        return True

    def set_lifecycle(self, policy: str) -> None:
        self._would(f"set its lifecycle policy: {policy}")

    def _would(self, what: str) -> None:
        self._terminal.say(f"would {what}")


def wanted(push: Push) -> Wanted:
    return Wanted(push.keep, push.kms_key)


def verify(repository: Repository, push: Push, terminal: Terminal) -> Standing:
    """Return how a repository differs from what it should be, and tell it.

    What these credentials may not see is said not to be verified. Raises RepositoryError where there is none.
    """
    control = _control(repository)
    return look(control, repository, wanted(push), terminal) if control else Standing()


def look(control: Control, repository: Repository, want: Wanted, terminal: Terminal) -> Standing:
    """Return and tell how a repository differs from what it should be; as `verify`."""
    try:
        found = control.found()
    except DeniedError as error:
        terminal.say(f"{repository} is not verified: {error.cause}")
        return Standing()
    if found is None:
        raise ecr.no_repository(repository)
    drifts = drift(repository, want, found)
    tell(drifts, terminal)
    return Standing(tuple(drifts), found)


def create(repository: Repository, push: Push, terminal: Terminal, *, dry_run: bool = False) -> Standing:
    """Make a repository as it should be, whether or not it is there; return and tell what stays different.

    Raises AwsError.
    """
    control = _control(repository)
    if control is None:
        terminal.say(f"{repository.host} is not Amazon ECR: there is nothing to set up")
        return Standing()
    if dry_run:
        control = DryRun(control, terminal)
    drifts = put_right(control, repository, wanted(push), terminal)
    if not drifts and not dry_run:
        terminal.say(f"{repository} is as it should be")
    tell(drifts, terminal)
    found = control.found()
    return Standing(tuple(drifts), found, missing=found is None)


def put_right(control: Control, repository: Repository, want: Wanted, terminal: Terminal) -> list[Drift]:
    """Create a repository, or change what can be changed of it; return what stays different."""
    found = control.found()
    if found is None and control.create(IMMUTABLE, want.writable, want.kms_key):
        control.set_lifecycle(want.policy)
        return []
    found = found or control.found()  # somebody else was first: what they made is looked at as any other
    if found is None:
        raise RepositoryError(
            f"{repository} was deleted while it was set up", remedy="run it again: airlock push --create"
        )
    remaining = []
    for one in drift(repository, want, found):
        if one.fixable:
            terminal.say(f"{repository}: {one.name}: {one.wanted}, in place of: {one.found}")
        if not one.fixable:
            remaining.append(one)
        elif not _change(control, one, want, found):
            remaining.append(replace(one, fixable=False, remedy=_REGISTRY))
    return remaining


def _change(control: Control, one: Drift, want: Wanted, found: Found) -> bool:
    if one.name == "scan":
        return control.set_scan_on_push()
    if one.name == "tags":
        control.set_mutability(IMMUTABLE, exclusions(want, found))
    else:
        control.set_lifecycle(want.policy)
    return True


def hold(
    repository: Repository, digest: str, cluster: str, services: Mapping[str, str], terminal: Terminal
) -> None:
    """Tag an image as what services run, and what each ran before as such: none of them expires.

    `services` has by name the digest that each ran, "" where that is not known; one that is tagged counts before it.
    Nothing is done for a registry other than ECR. What cannot be tagged is told, for the services run it all the same.
    """
    if not ecr.is_ecr(repository.host):
        return
    try:
        tags = ecr.connect(repository)
        for service, former in services.items():
            move(tags, digest, f"{_name(cluster)}-{_name(service)}", former)
    except (AwsError, RepositoryError) as error:
        terminal.say(f"{repository}: the image is not tagged as what runs, and may expire\n{error}")


def _name(text: str) -> str:
    """Return the name of what may be named by its ARN."""
    return text.rpartition("/")[2]


def move(tags: Tags, digest: str, service: str, former: str = "") -> None:
    """Move the tag of a service to an image, and the tag of what it ran before to what it ran."""
    tag = lifecycle.DEPLOYED.replace("*", _NO_TAG.sub("-", service)[:_LONGEST])
    held = tags.digest_of(tag)
    if held == digest:
        return
    if held:
        tags.put_tag(held, tag + _BEFORE)
    elif former not in {"", digest}:
        with contextlib.suppress(RepositoryError):  # nobody held it: it may have expired
            tags.put_tag(former, tag + _BEFORE)
    tags.put_tag(digest, tag)


def _control(repository: Repository) -> Control | None:
    return EcrSettings(ecr.connect(repository)) if ecr.is_ecr(repository.host) else None
