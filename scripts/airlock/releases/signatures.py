"""Signatures of releases, by the same keys as those of images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airlock.errors import SigningError
from airlock.signing import keys
from airlock_spec.releases import signature
from airlock_spec.releases.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def signing(name: str, project: Path) -> Callable[[str], Mapping[str, bytes]]:
    """Return what signs a release with a key of this name: the objects to write, by their keys.

    Raises SigningError, AwsError.
    """
    signer = keys.signer(name, project, os.environ)
    if not signer.public.is_p256:
        raise SigningError(
            f"{name} is no key that signs releases",
            cause="releases are signed by ECDSA with the curve P-256",
            remedy="aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256, or:\n"
            "openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -out signing.key",
        )
    key = signature.key_name(signer.public.der)

    def sign(release: str) -> Mapping[str, bytes]:
        made = Signature(release, signer.sign(signature.payload(release)))
        return {signature.object_key(release, key): made.to_data()}

    return sign
