"""The signature of a release: ECDSA P-256 over its id; made and checked elsewhere, as no cryptography is here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from airlock_spec import document
from airlock_spec.document import FormatError
from airlock_spec.releases import layout
from airlock_spec.releases.failures import unreadable
from airlock_spec.releases.manifest import ID

FORMAT = "airlock-signature/1"
MAX_DOCUMENT = 64 << 10  # bytes
_KEY = re.compile(r"[0-9a-f]{16}")
_FIELDS = ("release", "signature")


def payload(release: str) -> bytes:
    """Return what is signed: the release's id names its manifest, and that names every content by its sha256."""
    return b"airlock release " + release.encode("ascii") + b"\n"


def key_name(public_key: bytes) -> str:
    """Return what a signature is named by: 16 digits of the sha256 of the key's DER SubjectPublicKeyInfo."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def object_key(release: str, key: str) -> str:
    """Return where the signature of a release by the key of this name is."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} names no key")
    return f"{layout.signatures(release)}{key}.json"


@dataclass(frozen=True)
class Signature:
    """A signature of a release: ECDSA with P-256 and SHA-256 over `payload`, as ASN.1."""

    release: str
    signature: bytes

    def to_data(self) -> bytes:
        written = base64.b64encode(self.signature).decode()
        return document.dump(FORMAT, {"release": self.release, "signature": written})

    @classmethod
    def from_data(cls, data: bytes) -> Signature:
        """Read what `to_data` wrote. Raises RefusedError; whether the signature is good is for others to find out."""
        try:
            return _read(data)
        except (FormatError, binascii.Error, ValueError) as error:
            raise unreadable("a signature", error) from error


def _read(data: bytes) -> Signature:
    fields = document.load(FORMAT, data, "signature", _FIELDS)
    release, signature = fields["release"], fields["signature"]
    if not isinstance(release, str) or not ID.fullmatch(release) or not isinstance(signature, str):
        raise FormatError("it must name its release, and be base64")
    return Signature(release, base64.b64decode(signature, validate=True))
