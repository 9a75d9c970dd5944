"""The signature's format: what is signed, and what is no signature."""

from __future__ import annotations

import pytest

from airlock_spec.releases import signature
from airlock_spec.releases.failures import RefusedError
from airlock_spec.releases.signature import Signature

RELEASE = "ab" * 32


def test_a_signature_is_read_as_it_was_written() -> None:
    made = Signature(RELEASE, b"\x30\x06any")
    assert Signature.from_data(made.to_data()) == made


def test_what_is_signed_names_the_release_and_nothing_else() -> None:
    assert signature.payload(RELEASE) == b"airlock release " + RELEASE.encode() + b"\n"


def test_a_signature_is_named_by_its_key() -> None:
    name = signature.key_name(b"a key")
    assert signature.object_key(RELEASE, name) == f"signatures/{RELEASE}/{name}.json"
    with pytest.raises(ValueError, match="names no key"):
        signature.object_key(RELEASE, "../current")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"format":"airlock-signature/1","release":"x","signature":""}',
        b'{"format":"airlock-signature/1","release":"%s","signature":7}' % RELEASE.encode(),
        b'{"format":"airlock-signature/1","release":"%s","signature":"?"}' % RELEASE.encode(),
        b'{"format":"airlock-signature/2","release":"%s","signature":""}' % RELEASE.encode(),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match="a signature cannot be read"):
        Signature.from_data(data)
