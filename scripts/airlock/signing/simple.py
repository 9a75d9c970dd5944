"""What is signed: which digest, in which repository (containers-signature(5), as cosign's specification narrows it)."""

from __future__ import annotations

import json
from dataclasses import dataclass

MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
_TYPE = "cosign container image signature"


@dataclass(frozen=True)
class Claim:
    """What a payload says: the digest of a manifest, and the repository that it is in, without a tag."""

    repository: str
    digest: str

    def payload(self) -> bytes:
        """Return the bytes to sign: the same for the same claim, and those that cosign writes."""
        critical = {
            "identity": {"docker-reference": self.repository},
            "image": {"docker-manifest-digest": self.digest},
            "type": _TYPE,
        }
        return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


def claim(payload: bytes) -> Claim:
    """Read a payload; whether it may be believed is decided elsewhere. Raises ValueError for what is none."""
    try:
        critical = json.loads(payload)["critical"]
        kind, reference = critical["type"], critical["identity"]["docker-reference"]
        digest = critical["image"]["docker-manifest-digest"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ValueError("its payload is no claim about an image") from None
    if kind != _TYPE or not isinstance(reference, str) or not isinstance(digest, str):
        raise ValueError("its payload is no claim about an image")
    return Claim(_without_tag(reference), digest)


def _without_tag(reference: str) -> str:
    """Return the repository: skopeo signs for a tag of it, cosign for the repository itself."""
    name = reference.partition("@")[0]
    rest, colon, tag = name.rpartition(":")
    return rest if colon and "/" not in tag else name
