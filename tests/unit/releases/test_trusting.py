"""Releases that are pulled only where a trusted key signed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airlock.releases.trusting import Trusted
from airlock.signing import local
from airlock_spec.releases import signature
from airlock_spec.releases.failures import RefusedError, UnreachableError
from airlock_spec.releases.signature import Signature
from memory_location import MemoryLocation
from published_releases import publish

if TYPE_CHECKING:
    from airlock.signing.local import PrivateKey


def key(name: str) -> PrivateKey:
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return local.private_key(name, pem, None)


ADA, EVE = key("ada.pub"), key("eve.pub")


def sign(location: MemoryLocation, release: str, by: PrivateKey, under: PrivateKey | None = None) -> None:
    made = Signature(release, by.sign(signature.payload(release)))
    name = signature.key_name((under or by).public.der)
    location.put(signature.object_key(release, name), made.to_data())


def test_what_one_of_the_trusted_keys_signed_is_accepted() -> None:
    location = MemoryLocation()
    made = publish(location, {"dag.py": b"1"})
    sign(location, made.id, ADA)
    noted: list[str] = []
    Trusted(location, (EVE.public, ADA.public), lambda key, _: noted.append(key)).accept(made)
    assert noted == [signature.object_key(made.id, signature.key_name(ADA.public.der))]


def test_without_a_key_everything_is_accepted_and_nothing_asked() -> None:
    location = MemoryLocation()
    made = publish(location, {"dag.py": b"1"})
    location.asked.clear()
    Trusted(location).accept(made)
    assert location.asked == []


def test_what_nobody_or_another_signed_is_refused_also_under_a_trusted_name() -> None:
    location = MemoryLocation()
    made, other = (publish(location, {"dag.py": text}) for text in (b"1", b"2"))
    accept = Trusted(location, (ADA.public,)).accept
    with pytest.raises(RefusedError, match=r"no signature of a trusted key: ada\.pub"):
        accept(made)
    sign(location, made.id, EVE)
    with pytest.raises(RefusedError):
        accept(made)
    sign(location, made.id, EVE, under=ADA)
    with pytest.raises(RefusedError):
        accept(made)
    sign(location, other.id, ADA)
    name = signature.key_name(ADA.public.der)
    location.put(signature.object_key(made.id, name), location.objects[signature.object_key(other.id, name)])
    with pytest.raises(RefusedError):
        accept(made)


def test_where_s3_fails_it_is_not_taken_for_a_release_that_nobody_signed() -> None:
    location = MemoryLocation()
    made = publish(location, {"dag.py": b"1"})

    def fail(_doing: str, _key: str) -> None:
        raise UnreachableError("503 Slow Down")

    location.before = fail
    with pytest.raises(UnreachableError):
        Trusted(location, (ADA.public,)).accept(made)
