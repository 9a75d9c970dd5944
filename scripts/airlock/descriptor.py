"""Descriptors: what names a blob, wherever it is (OCI image specification 1.1, descriptor.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)  # of documents
# Of a part of a platform, which is printed, and a key of what is compared.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_USUAL_VARIANTS = {"arm64": "v8"}  # as what is meant where no variant is named
_SHA256_LENGTH = 64


@dataclass(frozen=True)
class Descriptor:
    """What names a blob: `digest` is `sha256:` and 64 hexadecimal digits, `size` is in bytes.

    `platform` is OCI's os/architecture[/variant], where the descriptor has one.
    """

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: str | None = None

    @property
    def hex(self) -> str:
        return self.digest.partition(":")[2]


def read(value: Any) -> Descriptor:
    """Return a descriptor of a JSON document. Raises one of MALFORMED where it is none."""
    named, size, annotations = value.get("platform"), value["size"], value.get("annotations") or {}
    if not isinstance(size, int):
        raise TypeError(f"a size is a number of bytes, not {size!r}")
    if not all(isinstance(text, str) for text in annotations.values()):
        raise TypeError("an annotation is no text")
    return Descriptor(
        str(value["mediaType"]),
        sha256(value["digest"]),
        size,
        dict(annotations),
        platform(named) if named else None,
    )


def platform(value: Mapping[str, Any]) -> str:
    """Return os/architecture[/variant]. Raises one of MALFORMED."""
    variant = value.get("variant")
    if variant == _USUAL_VARIANTS.get(value["architecture"]):
        variant = None
    parts = [value["os"], value["architecture"], *([variant] if variant else [])]
    if not all(isinstance(part, str) and _NAME.fullmatch(part) for part in parts):
        raise ValueError(f"{'/'.join(map(str, parts))!r} is no platform")
    return "/".join(parts)


def sha256(digest: str) -> str:
    """Return a sha256 digest as it is. Raises ValueError for any other text: it becomes a path."""
    algorithm, _, text = digest.partition(":")
    if algorithm != "sha256" or len(text) != _SHA256_LENGTH or set(text) - set("0123456789abcdef"):
        raise ValueError(f"{digest!r} is not a sha256 digest")
    return digest
