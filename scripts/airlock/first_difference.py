"""The first difference of two OCI layouts: from the index to the layer, the file and what differs in it."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import contents, layout
from airlock.compose.entry import Kind
from airlock.compose.oci import LAYER_KEY, LAYER_NAME
from airlock.content_difference import of_bytes, of_documents, of_files
from airlock.uncompressed import uncompressed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from airlock.contents import Member
    from airlock.descriptor import Descriptor
    from airlock.layout import LaidOutImage

_SHOWN = 5  # further paths of the layer that differ, too
_ATTRIBUTES = (
    ("type", lambda one: one.kind.value),
    ("mode", lambda one: f"{one.mode:04o}"),
    ("owner", lambda one: f"{one.uid}:{one.gid}"),
    ("target", lambda one: one.target),
    ("extended attributes", lambda one: one.xattrs),
    ("content", lambda one: one.sha256),
    ("time", lambda one: f"{one.mtime:.9f}".rstrip("0").rstrip(".")),
)


@dataclass(frozen=True)
class Difference:
    """What differs first: `where` names the part of the image, `path` a file of it ("" where it is none).

    `what` is the one thing that differs there, `shown` how, in lines.
    """

    where: str
    path: str
    what: str
    shown: tuple[str, ...]

    def __str__(self) -> str:
        place = f"{self.where}: {self.path}" if self.path else self.where
        return "\n".join((f"{place}: {self.what}", *self.shown))


@dataclass(frozen=True)
class _Layer:
    """One layer of an image: its place (from 1), descriptor, diff id and file."""

    number: int
    descriptor: Descriptor
    diff_id: str
    blob: Path

    @property
    def name(self) -> str:
        return self.descriptor.annotations.get(LAYER_NAME, str(self.number))

    def members(self) -> list[Member]:
        return list(contents.of_layer(self.blob, self.descriptor.media_type))

    def content(self, path: str) -> bytes:
        return contents.read_member(self.blob, self.descriptor.media_type, path) or b""

    def tar(self) -> bytes:
        with uncompressed(self.blob, self.descriptor.media_type) as stream:
            return b"".join(iter(lambda: stream.read(1 << 20), b""))


def of_layouts(first: Path, second: Path) -> Difference | None:
    """Return the first difference of two layouts, None where they hold the same.

    Raises ImageError or CorruptError where one cannot be read.
    """
    images = [{image.platform: image for image in layout.images(folder)} for folder in (first, second)]
    if images[0].keys() != images[1].keys():
        return _lists("the index", "the platforms differ", sorted(images[0]), sorted(images[1]))
    for platform, image in images[0].items():
        if found := of_images(image, images[1][platform]):
            return found
    return _of_json("the index", first / "index.json", second / "index.json")


def of_images(first: LaidOutImage, second: LaidOutImage) -> Difference | None:
    """Return the first difference of two images: of their layers, then of their documents."""
    if first.digest == second.digest:
        return None
    layers, others = _layers(first), _layers(second)
    names = [layer.name for layer in layers], [layer.name for layer in others]
    if names[0] != names[1]:
        return _lists(f"{first.platform}, manifest", "the layers differ", *names)
    for one, other in zip(layers, others, strict=True):
        if one.descriptor.digest != other.descriptor.digest:
            return _of_layers(f"{first.platform}, layer {one.name}", one, other)
    return _of_json(
        f"{first.platform}, configuration", first.blob(first.config), second.blob(second.config)
    ) or _of_json(f"{first.platform}, manifest", first.blob(first.manifest), second.blob(second.manifest))


def _layers(image: LaidOutImage) -> list[_Layer]:
    pairs = zip(image.layers, image.diff_ids, strict=True)
    return [
        _Layer(number, layer, diff_id, image.blob(layer)) for number, (layer, diff_id) in enumerate(pairs, 1)
    ]


def _of_layers(where: str, first: _Layer, second: _Layer) -> Difference:
    if first.diff_id == second.diff_id:
        shown = of_bytes(first.blob.read_bytes(), second.blob.read_bytes())
        return Difference(where, "", "the same tar, compressed differently", tuple(shown))
    members, others = first.members(), second.members()
    found = _of_paths(where, members, others) or _of_members(where, members, others, first, second)
    if found is None:
        what = "every file is equal; only the headers or the padding of the tar differ"
        found = Difference(where, "", what, tuple(of_bytes(first.tar(), second.tar())))
    keys = [layer.descriptor.annotations.get(LAYER_KEY) for layer in (first, second)]
    if None in keys or keys[0] == keys[1]:
        return found
    hint = "the layer's key differs, too: it was made from other inputs"
    return Difference(found.where, found.path, found.what, (*found.shown, hint))


def _of_paths(where: str, first: Sequence[Member], second: Sequence[Member]) -> Difference | None:
    """Return the first path that only one layer has, or that is elsewhere in the order of the tar."""
    for one, other in zip(first, second, strict=False):
        if one.path != other.path:
            break
    else:
        if len(first) == len(second):
            return None
    paths = [member.path for member in first], [member.path for member in second]
    for number, name in enumerate(("first", "second")):
        here, there = paths[number], set(paths[1 - number])
        alone = [path for path in here if path not in there]
        if alone:
            return Difference(where, f"/{alone[0]}", f"only the {name} image has it", _more(alone[1:]))
    return _lists(where, "the order of the tar's members differs", *paths)


def _of_members(
    where: str, first: Sequence[Member], second: Sequence[Member], layer: _Layer, other_layer: _Layer
) -> Difference | None:
    """Return what differs in the first member that does; rather in a file than in what was made from it."""
    pairs = {one.path: (one, other) for one, other in zip(first, second, strict=True)}
    unequal = {path: None for path, (one, other) in pairs.items() if one != other or one.mtime != other.mtime}
    if not unequal:
        return None
    path = next((path for path in unequal if not _follows(path, unequal)), next(iter(unequal)))
    one, other = pairs[path]
    differing = [
        (name, value(one), value(other)) for name, value in _ATTRIBUTES if value(one) != value(other)
    ]
    name, here, there = differing[0]
    if name == "content" and one.kind is Kind.FILE:
        shown = of_files(path, layer.content(path), other_layer.content(path))
    else:
        shown = [f"- {here}", f"+ {there}"]
    more = _more([another for another in unequal if another != path])
    what = f"its {' and '.join(name for name, _, _ in differing)} differs"
    return Difference(where, f"/{path}", what, (*shown, *more))


def _follows(path: str, unequal: Collection[str]) -> bool:
    """Whether a file differs because another does: bytecode (PEP 3147), or the hashes of a distribution."""
    if path.endswith(".dist-info/RECORD"):
        return len(unequal) > 1
    return source_of(path) in unequal


def source_of(path: str) -> str:
    """Return the source of a .pyc file in __pycache__ (PEP 3147); "" for any other path."""
    folder, found, name = path.rpartition("__pycache__/")
    return f"{folder}{name.partition('.')[0]}.py" if found and path.endswith(".pyc") else ""


def _more(paths: Sequence[str]) -> tuple[str, ...]:
    if not paths:
        return ()
    shown = ", ".join(f"/{path}" for path in paths[:_SHOWN])
    rest = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return (f"also in this layer: {shown}{rest}",)


def _lists(where: str, what: str, first: Sequence[str], second: Sequence[str]) -> Difference:
    lines = [line for line in difflib.unified_diff(first, second, n=1, lineterm="")][2:20]  # noqa: C416
    return Difference(where, "", what, tuple(lines))


def _of_json(where: str, first: Path, second: Path) -> Difference | None:
    contents_ = first.read_bytes(), second.read_bytes()
    if contents_[0] == contents_[1]:
        return None
    found = of_documents(json.loads(contents_[0]), json.loads(contents_[1]))
    if found is None:
        return Difference(where, "", "the same values, written differently", tuple(of_bytes(*contents_)))
    key, shown = found
    return Difference(where, "", f"{key} differs", tuple(shown))
