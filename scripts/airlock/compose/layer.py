"""A layer: the folders it needs, its fragments, and the end of the archive, as one blob of joined frames."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock import writing
from airlock.cache import key_of
from airlock.compose import entry, recipe, tar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from airlock.cache import Cache
    from airlock.compose.blobs import Blobs
    from airlock.compose.compression import Compression
    from airlock.compose.entry import Entry
    from airlock.compose.fragments import Fragments, FragmentSpec


@dataclass(frozen=True)
class LayerPlan:
    """Which fragments share a layer, in this order."""

    name: str
    fragments: tuple[FragmentSpec, ...]


@dataclass(frozen=True)
class Layer:
    """A layer as the manifest describes it; sizes in bytes, digests in hexadecimal."""

    name: str
    packages: tuple[str, ...]
    key: str
    digest: str
    diff_id: str
    size: int
    media_type: str
    reused: bool  # the blob was already in the layout, or was taken as published
    seconds: float  # spent on its fragments, by whichever worker, and on joining them
    full_key: str  # of what it is made from and of the code that makes it
    published: bool = False  # its blob is in a registry alone


def inputs_of(plan: LayerPlan, folders: Mapping[str, Entry], compression: Compression) -> str:
    """Return the layer's input key: what it is made from, whichever version of the code makes it.

    `folders` are those of the layer that are not plain.
    """
    special = [(item.path, item.mode, item.uid, item.gid) for _, item in sorted(folders.items())]
    return key_of([spec.inputs for spec in plan.fragments], special, compression.identity)


def full_key(plan: LayerPlan, inputs: str) -> str:
    """Return the key of the layer's bytes: of its inputs, and of the code that makes it from them."""
    return key_of(recipe.of(recipe.LAYER), [spec.key for spec in plan.fragments], inputs)


def join(
    plan: LayerPlan,
    folders: Mapping[str, Entry],
    fragments: Fragments,
    compression: Compression,
    cache: Cache,
    blobs: Blobs,
) -> Layer:
    """Make the layer's blob stand among `blobs` under its digest, and describe it."""
    start = time.monotonic()
    inputs = inputs_of(plan, folders, compression)
    key = full_key(plan, inputs)
    due = cache.is_due("layers", key)
    record = cache.read_json("layers", key)
    reused = record is not None and blobs.holds(record["digest"], record["size"])
    if not reused:
        frames = _frames(plan, folders, fragments, compression)
        written = _write(frames, blobs.folder, compression, record and record["diff_id"])
        if record not in (None, written):
            raise AssertionError(
                f"layer {plan.name} was {record}, now {written}: its key does not name all its inputs"
            )
        record = written
        blobs.made(record["digest"])
        cache.write_json("layers", key, record)
    if due:  # what the layer is made of counts as used with it: the next change needs that
        for spec in plan.fragments:
            cache.touch("frames", spec.key)
            cache.touch("facts", spec.key)
    return Layer(
        name=plan.name,
        packages=tuple(spec.label for spec in plan.fragments),
        key=inputs,
        full_key=key,
        media_type=compression.media_type,
        reused=reused,
        seconds=time.monotonic() - start + sum(fragments.seconds(spec) for spec in plan.fragments),
        **record,
    )


def _write(
    frames: Iterable[bytes], blobs: Path, compression: Compression, known_diff_id: str | None
) -> dict[str, Any]:
    """Write the frames as one blob; hashing what they hold can be spared when the diff id is known."""
    digest, diff_id, size = hashlib.sha256(), hashlib.sha256(), 0
    with writing.new(blobs) as (file, name):
        for frame in frames:
            digest.update(frame)
            size += file.write(frame)
            if known_diff_id is None:
                diff_id.update(compression.read(frame))
        name(digest.hexdigest())
    return {"digest": digest.hexdigest(), "size": size, "diff_id": known_diff_id or diff_id.hexdigest()}


def _frames(
    plan: LayerPlan, folders: Mapping[str, Entry], fragments: Fragments, compression: Compression
) -> Iterator[bytes]:
    yield compression.frame(tar.cut(_folders_of(plan, folders, fragments)))
    for spec in plan.fragments:
        if frame := fragments.frame(spec):
            yield frame
    yield compression.frame(tar.END)


def _folders_of(plan: LayerPlan, folders: Mapping[str, Entry], fragments: Fragments) -> Iterable[Entry]:
    """Return each folder above or of the layer's paths once, with the attributes it has in the whole image.

    Were a parent written with other attributes in a later layer, it would change those of the first.
    """
    needed = set().union(*(fragments.facts(spec).folders() for spec in plan.fragments))
    return [folders.get(path) or entry.directory(path) for path in sorted(needed)]
