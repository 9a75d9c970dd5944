"""What is published of an image so that another machine can take its layers without what they are made from.

Everything in it counts for a key alone: that of the code and of all inputs. Whose word it is must be known before
it is read (airlock.registry.reusable); it is validated nevertheless, for it decides paths and modes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import zstandard

from airlock.cache import key_of
from airlock.compose import recipe
from airlock.compose.entry import Kind
from airlock.compose.fragment import Facts
from airlock.errors import CorruptError, UntrustedError

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/vnd.airlock.facts.v1+json+zstd"
MOST_BYTES = 32_000_000  # of the compressed document; this project's has 1.1 million
_MOST_READ = 512_000_000  # of what it holds; this project's is 12 million
NO_LAYERS_FROM_IT = "take no layers from it: airlock image\nand ask whoever holds its key how it came about"
_LEVEL = 9  # nearly as small as any, and made in 60 ms
_BEGINNING, _MADE_BY = 100, re.compile(rb'\{"toolchain":"([0-9a-f]{64})"')
_HEX = re.compile(r"[0-9a-f]{64}")
_KINDS = {kind.value for kind in Kind if kind is not Kind.DIRECTORY}
_FACTS = {"package", "paths", "directories", "elves", "size", "note"}
_MOST_MODE, _MOST_ID = 0o7777, 2**31 - 1
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError, zstandard.ZstdError)


@dataclass(frozen=True)
class PublishedLayer:
    """A layer as its image's manifest and configuration have it; digests in hexadecimal, the size in bytes."""

    digest: str
    diff_id: str
    size: int
    media_type: str


@dataclass(frozen=True)
class Published:
    """The document; `origin` is how errors name where it is from.

    `layers` are by their full key (airlock.compose.layer), `fragments` the JSON of their facts by their key,
    `packages` what packages say of themselves by `papers.reading.key`, `distributions` the METADATA of the
    project's own by the diff id of their layer.
    """

    origin: str
    toolchain: str
    layers: Mapping[str, PublishedLayer]
    fragments: Mapping[str, Any]
    packages: Mapping[str, Any]
    distributions: Mapping[str, bytes]

    @classmethod
    def read(cls, content: bytes, origin: str) -> Published:
        """Read the bytes of `content`. Raises CorruptError where they are malformed."""
        try:
            document = json.loads(_decompressed(content))
            return cls(
                origin,
                _text(document["toolchain"]),
                {_hex(key): _layer(value) for key, value in document["layers"].items()},
                {_hex(key): value for key, value in document["fragments"].items()},
                {_hex(key): value for key, value in document["packages"].items()},
                {
                    _hex(diff_id): value.encode(errors="surrogateescape")
                    for diff_id, value in document["distributions"].items()
                },
            )
        except _MALFORMED as error:
            raise _malformed(origin, "the document", error) from error

    @cached_property
    def content(self) -> bytes:
        """The document as bytes: the same for the same image."""
        document = {
            "toolchain": self.toolchain,
            "layers": {key: vars(layer) for key, layer in sorted(self.layers.items())},
            "fragments": dict(sorted(self.fragments.items())),
            "packages": dict(sorted(self.packages.items())),
            "distributions": {
                diff_id: metadata.decode(errors="surrogateescape")
                for diff_id, metadata in sorted(self.distributions.items())
            },
        }
        text = json.dumps(document, separators=(",", ":")).encode()
        return zstandard.ZstdCompressor(level=_LEVEL).compress(text)

    def facts(self, key: str) -> Facts | None:
        """Return the facts of the fragment of a key. Raises CorruptError where they make no sense."""
        value = self.fragments.get(key)
        if value is None:
            return None
        try:
            _require_facts(value)
            return Facts.from_document(value)
        except _MALFORMED as error:
            raise _malformed(self.origin, f"what it says of the fragment {key[:12]}", error) from error

    def require_same(self, key: str, made: Facts) -> None:
        """Raise UntrustedError where a fragment that was made here has other facts than are said of it."""
        said = self.facts(key)
        if said not in (None, made):
            raise UntrustedError(
                f"what {self.origin} says of {made.package} is not so",
                cause="made here from the same inputs it holds other paths, or others' attributes",
                remedy=NO_LAYERS_FROM_IT,
            )


def toolchain() -> str:
    """Identify the code that fragments and layers are made by, as `Published.toolchain` has it."""
    return key_of(recipe.of(recipe.FRAGMENT), recipe.of(recipe.LAYER))


def made_by(content: bytes) -> str:
    """Return the toolchain that a document names, which is what it begins with; "" where it does not."""
    try:
        beginning = zstandard.ZstdDecompressor().stream_reader(content).read(_BEGINNING)
    except zstandard.ZstdError:
        return ""
    found = _MADE_BY.match(beginning)
    return found[1].decode() if found else ""


def _decompressed(content: bytes) -> bytes:
    """Return what was compressed in one frame that says how much it holds, and tells the truth."""
    size = zstandard.frame_content_size(content)
    if not 0 <= size <= _MOST_READ or len(content) > MOST_BYTES:
        raise ValueError("it is too big, or does not say how big it is")
    return zstandard.ZstdDecompressor().decompress(content)


def _layer(value: Any) -> PublishedLayer:
    size = value["size"]
    if not _is_number(size):
        raise ValueError("a size is a number of bytes")
    return PublishedLayer(_hex(value["digest"]), _hex(value["diff_id"]), size, _text(value["media_type"]))


def _require_facts(value: Any) -> None:
    """Raise ValueError or TypeError unless this is what `Facts.from_document` reads, and safe."""
    if value.keys() != _FACTS or not _is_number(value["size"]):
        raise ValueError("it lacks something, or has more")
    _text(value["package"])
    _text(value["note"])
    for path, kind, target, identity in value["paths"]:
        _require_path(path)
        _text(target)
        _text(identity)
        if kind not in _KINDS:
            raise ValueError(f"{kind!r} is no kind of file")
    for path, mode, uid, gid in value["directories"]:
        _require_path(path)
        if not (_is_number(mode, _MOST_MODE) and _is_number(uid, _MOST_ID) and _is_number(gid, _MOST_ID)):
            raise ValueError(f"{path!r} has a mode or an owner that none can be")
    for path, machine, soname, needed, search in value["elves"]:
        _require_path(path)
        for text in (machine, soname, *_list(needed), *_list(search)):
            _text(text)


def _require_path(path: Any) -> None:
    if "\0" in _text(path) or {"", ".", ".."} & set(path.split("/")):
        raise ValueError(f"{path!r} is no path of an image")


def _is_number(value: Any, most: int = 2**63 - 1) -> bool:
    return type(value) is int and 0 <= value <= most


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("what should be a text is none")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("what should be a list is none")
    return value


def _hex(value: Any) -> str:
    if not _HEX.fullmatch(_text(value)):
        raise ValueError("what should be a sha256 is none")
    return str(value)


def _malformed(origin: str, what: str, why: Exception) -> CorruptError:
    return CorruptError(
        f"the facts of {origin} are malformed",
        cause=f"{what}: {type(why).__name__}: {why}"[:500],
        remedy="take no layers from it: airlock image",
    )
