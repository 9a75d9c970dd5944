"""The order of a push: nothing is named before all it consists of is there, and tags come last.

A push that ends anywhere leaves blobs and manifests that no tag names, which the next push finds there.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airlock import later
from airlock.errors import ImageError, PushError, RegistryError
from airlock.push.outgoing import documents, of_document
from airlock.registry.client import THREADS
from airlock.registry.reference import Reference
from airlock.terminal import counted, megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    approve: Callable[[], None] = lambda: None  # raises where what was sent may bear no tag


@dataclass(frozen=True)
class Pushed:
    """What a push did; sizes in bytes."""

    digest: str
    tags: tuple[str, ...]  # those that name the digest now
    set_tags: tuple[str, ...]  # those of them that did not before
    moved: Mapping[str, str]  # of those the ones that named another digest, and which
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
    due, moving = _due_tags(outgoing, registry, rules, terminal)
    sent = _send_blobs(outgoing, registry, rules, terminal)
    for manifest in dict.fromkeys([*outgoing.children, outgoing.top]):  # what an index names, before it
        if registry.manifest(manifest.digest) is None:
            registry.put_manifest(manifest)
    news = _send_papers(outgoing, registry)
    signed = _sign(outgoing, registry, rules)
    if news:
        # where a tag has the list of papers, another push at the same time may have dropped some of ours
        _send_papers(outgoing, registry)
    rules.approve()
    for tag in due:
        _tag(tag, outgoing, registry)
    return Pushed(
        digest=outgoing.digest,
        tags=outgoing.tags,
        set_tags=tuple(due),
        moved=moving,
        blobs=len(outgoing.blobs),
        sent_blobs=len(sent),
        sent_bytes=sum(sent),
        papers=len(outgoing.papers),
        signed=signed,
        seconds=time.monotonic() - start,
    )


def _due_tags(
    outgoing: Outgoing, registry: Registry, rules: Rules, terminal: Terminal
) -> tuple[list[str], dict[str, str]]:
    """Return the tags that do not name the digest yet, and what those name that name another.

    Raises PushError where one may not move.
    """
    found = dict(zip(outgoing.tags, later.each(registry.manifest, outgoing.tags, THREADS), strict=True))
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
    return [tag for tag in outgoing.tags if tag in others or found[tag] is None], others


def _send_blobs(outgoing: Outgoing, registry: Registry, rules: Rules, terminal: Terminal) -> list[int]:
    """Make every blob be there; return the sizes of those that were sent, which are not those mounted."""
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
        sizes = _upload(blobs, registry, rules.mount_from, progress)
    return [size for size in sizes if size]


class _EndedError(Exception):
    """Another upload failed, or Ctrl-C was pressed: this one ends where it is."""


def _upload(
    blobs: Sequence[Blob], registry: Registry, mount_from: Sequence[str], progress: Progress
) -> list[int]:
    """Upload in parallel, in this order; return how much was sent of each. The first failure ends them all."""
    ended = threading.Event()

    def upload(blob: Blob) -> int:
        counted = 0

        def sent(size: int) -> None:
            nonlocal counted
            if ended.is_set():
                raise _EndedError
            counted += size
            progress.advance(size)

        if ended.is_set():
            return 0
        try:
            registry.upload(blob, sent, mount_from)
        except _EndedError:  # whose failure it was is told there
            return 0
        except BaseException:
            ended.set()
            raise
        progress.advance(blob.size - counted)
        return counted

    try:
        return later.each(upload, blobs, THREADS)
    finally:  # Ctrl-C, too
        ended.set()


def _send_papers(outgoing: Outgoing, registry: Registry) -> bool:
    """Make each paper be there, and be listed as what refers to its image; return whether one was not."""
    news = False
    subjects = {paper.subject for paper in outgoing.papers}
    listed = {one["digest"] for subject in subjects for one in registry.referrers(subject)}
    for paper in outgoing.papers:
        there = registry.manifest(paper.digest) is not None
        if not there:
            for blob in documents([paper]):
                registry.upload(blob, _nothing)
        if not there or paper.digest not in listed:
            registry.put_manifest(of_document(paper.manifest))
            news = True
    return news


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
