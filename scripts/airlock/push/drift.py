"""What a repository of ECR should be, and how the one that is there differs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import ecr
from airlock.push import lifecycle
from airlock.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.ecr_settings import Found
    from airlock.registry.reference import Repository
    from airlock.terminal import Terminal

IMMUTABLE = "IMMUTABLE_WITH_EXCLUSION"
_MOST_EXCLUSIONS = 5  # that ECR takes
_COLUMNS = (Column("repository"), Column("should be"), Column("is"))


@dataclass(frozen=True)
class Wanted:
    """What a repository should be.

    Tags are immutable but for two patterns: signatures and lists of referrers (`sha256-*`) are added to under one
    tag, and `deployed-*` moves with a service. No tag that people release under begins so.
    """

    keep: int
    kms_key: str = ""
    writable: tuple[str, ...] = lifecycle.HELD

    @property
    def policy(self) -> str:
        return lifecycle.policy(self.keep)


@dataclass(frozen=True)
class Drift:
    """A difference between a repository and what it should be; `remedy` is a command of AWS's."""

    name: str
    wanted: str
    found: str
    remedy: str
    fixable: bool = True  # by `--create`; else it is so since the repository's creation, or somebody chose it


def drift(repository: Repository, want: Wanted, found: Found) -> list[Drift]:
    """Return how a repository differs from what it should be."""
    drifts = [
        *_tag_drift(repository, want, found),
        *_key_drift(want, found),
        *_lifecycle_drift(repository, want, found),
    ]
    if not found.scanned:
        remedy = _aws(repository, "put-image-scanning-configuration", "--image-scanning-configuration")
        drifts.append(Drift("scan", "on push", "never", f"{remedy} scanOnPush=true"))
    return drifts


def tell(drifts: Sequence[Drift], terminal: Terminal) -> None:
    """Print a table of what differs, and how each is changed."""
    if not drifts:
        return
    terminal.table(_COLUMNS, [(one.name, one.wanted, one.found) for one in drifts])
    if any(one.fixable for one in drifts):
        terminal.say("all that --create can change: airlock push --create; or one by one:")
    for one in drifts:
        terminal.say(f"  {one.name}: {one.remedy}")


def _tag_drift(repository: Repository, want: Wanted, found: Found) -> list[Drift]:
    """Tags that people chose to exclude, too, are left to them, unless that is all of them."""
    lacking = [one for one in want.writable if one not in found.exclusions]
    if found.mutability == IMMUTABLE and not lacking and not _excluding_all(found):
        return []
    excluded = exclusions(want, found)
    filters = " ".join(f"filterType=WILDCARD,filter={one}" for one in excluded)
    remedy = _aws(
        repository,
        "put-image-tag-mutability",
        f"--image-tag-mutability {IMMUTABLE} --image-tag-mutability-exclusion-filters",
    )
    quoted = " ".join(shlex.quote(one) for one in filters.split())
    return [
        Drift(
            "tags",
            tags(IMMUTABLE, excluded),
            tags(found.mutability, found.exclusions),
            f"{remedy} {quoted}",
        )
    ]


def exclusions(want: Wanted, found: Found) -> tuple[str, ...]:
    """Return the patterns of tags to exclude: ours, and what others excluded from immutable ones."""
    others = found.exclusions if found.mutability == IMMUTABLE else ()
    kept = [one for one in others if one.strip("*") and one not in want.writable]
    return (*want.writable, *kept)[:_MOST_EXCLUSIONS]


def _excluding_all(found: Found) -> bool:
    return any(not one.strip("*") for one in found.exclusions)


def _key_drift(want: Wanted, found: Found) -> list[Drift]:
    if not want.kms_key:
        return []
    # an alias is not looked up: that the repository is encrypted with some key has to do
    alias = "alias/" in want.kms_key
    same = found.kms_key == want.kms_key or found.kms_key.rpartition("/")[2] == want.kms_key
    if found.encryption.startswith("KMS") and found.kms_key and (alias or same):
        return []
    remedy = (
        "a key belongs to a repository since its creation: set [tool.airlock.push] repository to another name, "
        "and: airlock push --create; or kms-key to the key that it has"
    )
    told = " ".join(filter(None, (found.encryption, found.kms_key)))
    return [Drift("encryption", f"KMS {want.kms_key}", told, remedy, fixable=False)]


def _lifecycle_drift(repository: Repository, want: Wanted, found: Found) -> list[Drift]:
    if found.lifecycle is None:
        return []
    remedy = _aws(repository, "put-lifecycle-policy", "--lifecycle-policy-text")
    remedy += f" {shlex.quote(want.policy)}"
    keeping = f"keeps {want.keep} images"
    if not found.lifecycle:
        return [Drift("lifecycle", keeping, "keeps everything", remedy)]
    dangers = lifecycle.dangers(found.lifecycle, want.keep)
    return [Drift("lifecycle", keeping, "; ".join(dangers), remedy, fixable=False)] if dangers else []


def _aws(repository: Repository, action: str, options: str) -> str:
    """Return the beginning of a command of AWS's."""
    host = ecr.parse(repository.host)
    assert host is not None  # there is drift in ECR alone
    return (
        f"aws ecr {action} --region {host.region} --registry-id {host.account}"
        f" --repository-name {repository.path} {options}"
    )


def tags(mutability: str, exclusions: Sequence[str]) -> str:
    word = "immutable" if mutability.startswith("IMMUTABLE") else "mutable"
    return f"{word} but {', '.join(exclusions)}" if exclusions else word
