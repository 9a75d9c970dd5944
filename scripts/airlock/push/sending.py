"""The order of a push: nothing is named before all it consists of is there, and tags come last.

A push that ends anywhere leaves blobs and manifests that no tag names, which the next push finds there.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airlock.errors import ImageError, PushError, RegistryError
from airlock.push.outgoing import documents, of_document
from airlock.registry.client import THREADS
from airlock.registry.reference import Reference
from airlock.terminal import counted, megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.layout import Descriptor
    from airlock.push.outgoing import Outgoing
    from airlock.registry.registry import Blob, Registry
    from airlock.terminal import Progress, Terminal


class Sign(Protocol):
    """Makes a signature of a manifest (a digest) be in a registry; returns whether it had to be made."""

    def __call__(self, registry: Registry, digest: str, /) -> bool: ...


@dataclass(frozen=True)
class Rules:
    """How tags are treated: `immutable` tells of those that may never move."""

    immutable: Callable[[str], bool] = lambda _: False
    sign: Sign | None = None
    mount_from: Sequence[str] = ()


@dataclass(frozen=True)
class Pushed:
    """What a push did; sizes in bytes."""

    digest: str
    tags: tuple[str, ...]  # those that name the digest now
    set_tags: tuple[str, ...]  # those of them that did not before
    blobs: int
    sent_blobs: int
    sent_bytes: int
    papers: int
    signed: int  # signatures that were made
    seconds: float


def push(outgoing: Outgoing, registry: Registry, rules: Rules, terminal: Terminal) -> Pushed:
    """Make every tag of `outgoing` name its digest, complete and signed, or change no tag.

    Raises PushError where a tag may not be set, RegistryError, and ImageError where a layer is nowhere.
    """
    start = time.monotonic()
    due = _due_tags(outgoing, registry, rules, terminal)
    sent = _send_blobs(outgoing, registry, rules, terminal)
    for manifest in dict.fromkeys([*outgoing.children, outgoing.top]):  # what an index names, before it
        if registry.manifest(manifest.digest) is None:
            registry.put_manifest(manifest)
    _send_papers(outgoing, registry)
    signed = _sign(outgoing, registry, rules)
    for tag in due:
        _tag(tag, outgoing, registry)
    return Pushed(
        digest=outgoing.digest,
        tags=outgoing.tags,
        set_tags=tuple(due),
        blobs=len(outgoing.blobs),
        sent_blobs=len(sent),
        sent_bytes=sum(one.size for one in sent),
        papers=len(outgoing.papers),
        signed=signed,
        seconds=time.monotonic() - start,
    )


def _due_tags(outgoing: Outgoing, registry: Registry, rules: Rules, terminal: Terminal) -> list[str]:
    """Return the tags that do not name the digest yet. Raises PushError where one may not move to it."""
    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(outgoing.tags, pool.map(registry.manifest, outgoing.tags), strict=True))
    others = {tag: one.digest for tag, one in found.items() if one and one.digest != outgoing.digest}
    taken = {tag: digest for tag, digest in others.items() if rules.immutable(tag)}
    if taken:
        raise PushError(
            f"{counted(len(taken), 'tag')} of {registry.repository} names another image, and cannot be moved",
            cause="\n".join(f"{tag} is {digest}" for tag, digest in taken.items())
            + f"\nthis image is {outgoing.digest}",
            remedy="nothing was sent; push under another tag: airlock push --tag TAG",
        )
    for tag, digest in others.items():
        terminal.say(f"{tag} moves from {digest}")
    return [tag for tag in outgoing.tags if (one := found[tag]) is None or one.digest != outgoing.digest]


def _send_blobs(outgoing: Outgoing, registry: Registry, rules: Rules, terminal: Terminal) -> list[Descriptor]:
    lacking = registry.lacking(list(outgoing.blobs))
    homeless = [one for one in lacking if not outgoing.blob(one).is_here]
    if homeless and not rules.mount_from:
        raise ImageError(
            f"{counted(len(homeless), 'layer')} of the image: neither here nor in {registry.repository}",
            cause="the image was composed with layers of another repository, and does not hold them",
            remedy="airlock image   (which composes them), then push again",
        )
    total = sum(one.size for one in lacking)
    if not lacking:
        return []
    title = f"pushing {len(lacking)} of {len(outgoing.blobs)} blobs, {megabytes(total)}"
    blobs = [outgoing.blob(one) for one in sorted(lacking, key=lambda one: -one.size)]
    with terminal.progress(title, total, unit_bytes=True) as progress:
        _upload(blobs, registry, rules.mount_from, progress)
    return lacking


class _EndedError(Exception):
    """Another upload failed, or Ctrl-C was pressed: this one ends where it is."""


def _upload(blobs: Iterable[Blob], registry: Registry, mount_from: Sequence[str], progress: Progress) -> None:
    """Upload in parallel, the big ones first; the first failure ends them all."""
    ended = threading.Event()

    def sent(size: int) -> None:
        if ended.is_set():
            raise _EndedError
        progress.advance(size)

    def one(blob: Blob) -> None:
        if not ended.is_set():
            registry.upload(blob, sent, mount_from)

    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(one, blob) for blob in blobs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:  # all are done, or one failed, or Ctrl-C was pressed
            ended.set()
    failures = [error for future in futures if (error := future.exception())]
    for error in sorted(failures, key=lambda error: isinstance(error, _EndedError)):
        raise error


def _send_papers(outgoing: Outgoing, registry: Registry) -> None:
    """Make each paper be there, and be listed as what refers to its image."""
    subjects = {paper.subject for paper in outgoing.papers}
    listed = {one["digest"] for subject in subjects for one in registry.referrers(subject)}
    for paper in outgoing.papers:
        there = registry.manifest(paper.digest) is not None
        if not there:
            for blob in documents([paper]):
                registry.upload(blob, _nothing)
        if not there or paper.digest not in listed:
            registry.put_manifest(of_document(paper.manifest))


def _sign(outgoing: Outgoing, registry: Registry, rules: Rules) -> int:
    """Sign the image, each platform's, and each paper, for a reader may come to trust any of them."""
    if rules.sign is None:
        return 0
    digests = dict.fromkeys(
        [outgoing.digest, *(one.digest for one in outgoing.images), *(one.digest for one in outgoing.papers)]
    )
    return sum(rules.sign(registry, digest) for digest in digests)


def _tag(tag: str, outgoing: Outgoing, registry: Registry) -> None:
    """Set a tag; where the answer was lost, or somebody else set it, what counts is what it names now."""
    try:
        registry.put_manifest(outgoing.top, tag)
    except RegistryError:
        now = registry.manifest(tag)
        if now is None or now.digest != outgoing.digest:
            raise
    named = Reference(registry.repository, tag)
    now = registry.manifest(tag)
    if now is None or now.digest != outgoing.digest:
        raise PushError(
            f"{named} does not name what was pushed",
            cause=f"it names {now.digest if now else 'nothing'}: somebody else moved it meanwhile",
            remedy="see who else pushes there; then run it again",
        )


def _nothing(_: int) -> None:
    pass
