"""Whose releases may serve: a signature by a trusted key, of this very release, and nothing less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from airlock_plugins import trust
from airlock_spec.releases import signature
from airlock_spec.releases.failures import RefusedError, UnreachableError
from airlock_spec.releases.signature import Signature
from memory_location import MemoryLocation
from signing_keys import private

if TYPE_CHECKING:
    from pathlib import Path

RELEASE, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture(scope="module")
def key() -> Any:
    return private()


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


def test_a_good_signature_is_found_by_its_key(location: MemoryLocation, key: Any, tmp_path: Path) -> None:
    sign(location, key)
    path = tmp_path / "key.pub"
    path.write_text(pem(key))
    for trusted in (pem(key), str(path)):
        assert trust.signed(location, RELEASE, [trusted]).data == location.objects[where(key)]


def test_one_of_the_trusted_keys_is_enough(location: MemoryLocation, key: Any) -> None:
    sign(location, key)
    assert trust.signed(location, RELEASE, [pem(private()), pem(key)]).key == where(key)


def test_a_key_that_cannot_be_asked_for_does_not_hide_another(location: MemoryLocation, key: Any) -> None:
    other = private()
    sign(location, key)

    def before(_: str, asked: str) -> None:
        if asked == where(other):
            raise UnreachableError("denied")

    location.before = before
    assert trust.signed(location, RELEASE, [pem(other), pem(key)]).key == where(key)
    location.objects.clear()
    with pytest.raises(UnreachableError, match="denied"):
        trust.signed(location, RELEASE, [pem(other), pem(key)])


def test_a_signature_of_another_release_is_none(location: MemoryLocation, key: Any) -> None:
    sign(location, key, OTHER)
    location.objects[where(key)] = location.objects[where(key, OTHER)]
    with pytest.raises(RefusedError, match="it is of release cdcdcdcdcdcd"):
        trust.signed(location, RELEASE, [pem(key)])


def test_a_signature_by_another_key_is_none(location: MemoryLocation, key: Any) -> None:
    made = private().sign(signature.payload(RELEASE), ECDSA(SHA256()))  # type: ignore[call-arg,arg-type]
    location.put(where(key), Signature(RELEASE, made).to_data())
    with pytest.raises(RefusedError, match="it is not by this key"):
        trust.signed(location, RELEASE, [pem(key)])


def test_what_cannot_be_read_is_no_signature(location: MemoryLocation, key: Any) -> None:
    location.put(where(key), b"{}")
    with pytest.raises(RefusedError, match="a signature cannot be read"):
        trust.signed(location, RELEASE, [pem(key)])


def test_without_a_signature_the_release_is_refused(location: MemoryLocation, key: Any) -> None:
    with pytest.raises(RefusedError, match=f"there is no signatures/{RELEASE}/"):
        trust.signed(location, RELEASE, [pem(key)])


@pytest.mark.parametrize("kind", ["p384", "ed25519"])
def test_a_key_of_another_kind_is_refused(location: MemoryLocation, kind: str) -> None:
    with pytest.raises(RefusedError, match="trusted key 1 is no key of ECDSA P-256"):
        trust.signed(location, RELEASE, [pem(private(kind))])


@pytest.mark.parametrize("text", ["/no/such/key.pub", "-----BEGIN PUBLIC KEY-----\nx\n"])
def test_a_key_that_cannot_be_read_refuses_everything(location: MemoryLocation, text: str) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        trust.signed(location, RELEASE, [text])


def sign(location: MemoryLocation, key: Any, release: str = RELEASE) -> None:
    made = key.sign(signature.payload(release), ECDSA(SHA256()))
    location.put(where(key, release), Signature(release, made).to_data())


def where(key: Any, release: str = RELEASE) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return signature.object_key(release, signature.key_name(der))


def pem(key: Any) -> str:
    written: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return written.decode()
