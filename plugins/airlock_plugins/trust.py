"""Whose releases may serve: those that one of the trusted keys signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from airlock_spec.releases import signature
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.signature import MAX_DOCUMENT, Signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from airlock_spec.releases.objects import Objects

_PEM = "-----BEGIN"


class Proof(NamedTuple):
    """A good signature: where it is, and what is there."""

    key: str
    data: bytes


def signed(objects: Objects, release: str, trusted: Sequence[str]) -> Proof:
    """Return a signature of a release by one of the public keys, each a PEM's text or the path of its file.

    Raises RefusedError where there is none, where all that there are are wrong, and for a key that is none;
    UnreachableError where S3 does not answer.
    """
    faults: list[str] = []
    unreachable: UnreachableError | None = None
    for public in _keys(trusted):
        where = signature.object_key(release, signature.key_name(_der(public)))
        try:
            stored = objects.read(where, MAX_DOCUMENT)
        except AbsentError:
            faults.append(f"there is no {where}")
            continue
        except UnreachableError as error:  # also of one that is absent, to a role that may not list
            unreachable = error
            continue
        assert stored is not None
        fault = _fault(stored.data, release, public)
        if not fault:
            return Proof(where, stored.data)
        faults.append(f"{where}: {fault}")
    if unreachable:
        raise unreachable
    raise RefusedError(f"no trusted key signed release {release[:12]}: {'; '.join(faults)}")


def _fault(data: bytes, release: str, public: EllipticCurvePublicKey) -> str:
    """Say what is wrong with a signature; "" where nothing is."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as in `_keys`
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        made = Signature.from_data(data)
    except RefusedError as error:
        return str(error)
    if made.release != release:
        return f"it is of release {made.release[:12]}"
    try:
        public.verify(made.signature, signature.payload(release), ECDSA(SHA256()))
    except InvalidSignature:
        return "it is not by this key, or not of this release"
    return ""


def _keys(trusted: Iterable[str]) -> list[EllipticCurvePublicKey]:
    """Read the keys: anew each time, as a mounted secret may change. Raises RefusedError."""
    # Imported here: a bundle without trusted keys is made often, and is not to load OpenSSL.
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    found: list[EllipticCurvePublicKey] = []
    for number, one in enumerate(trusted, 1):
        name = f"trusted key {number}" if _PEM in one else f"trusted key {one}"
        try:
            public = load_pem_public_key(one.encode() if _PEM in one else Path(one).read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise RefusedError(f"{name} cannot be read: {error}") from error
        if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
            raise RefusedError(f"{name} is no key of ECDSA P-256")
        found.append(public)
    return found


def _der(public: EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as in `_keys`
        Encoding,
        PublicFormat,
    )

    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
