"""Keys: every kind that cosign knows signs and verifies, and what is refused says why without a secret."""

from __future__ import annotations

import base64
import hashlib
import traceback
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from moto.kms import utils as of_moto

import signing_keys
from airlock import kms
from airlock.errors import SigningError
from airlock.signing import keys, sealed_key
from signing_keys import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_kms import KMSClient

    from airlock.signing.local import Private

KINDS = ("p256", "p384", "rsa", "ed25519")
PAYLOAD = b"payload"
WITH_PASSWORD = {"COSIGN_PASSWORD": PASSWORD}


def written(folder: Path, content: bytes) -> str:
    (folder / "a key").write_bytes(content)
    return "a key"


def refused(folder: Path, content: bytes, environ: Mapping[str, str]) -> str:
    """Return all that is printed of a refusal, its chain of causes included."""
    with pytest.raises(SigningError) as caught:
        keys.signer(written(folder, content), folder, environ)
    return "".join(traceback.format_exception(caught.value, limit=0))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_signs_its_public_half_verifies(tmp_path: Path, kind: str) -> None:
    key = signing_keys.private(kind)
    signer = keys.signer(written(tmp_path, signing_keys.pem(key)), tmp_path, {})
    (tmp_path / "public").write_bytes(signing_keys.public_pem(key))
    verifier = keys.verifier("public", tmp_path)
    signature = signer.sign(PAYLOAD)
    assert (signer.name, verifier.name) == ("a key", "public")
    assert verifier.verify(PAYLOAD, signature)
    assert signer.verify(PAYLOAD, signature)
    assert not verifier.verify(PAYLOAD + b"!", signature)
    assert not verifier.verify(PAYLOAD, b"")
    assert not verifier.verify(PAYLOAD, signature[:-1] + bytes([signature[-1] ^ 1]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_payload_has_the_same_signature(tmp_path: Path, kind: str) -> None:
    signer = keys.signer(written(tmp_path, signing_keys.pem(signing_keys.private(kind))), tmp_path, {})
    assert signer.sign(PAYLOAD) == signer.sign(PAYLOAD)


@pytest.mark.parametrize("label", ["COSIGN", "SIGSTORE"])
@pytest.mark.parametrize("variable", ["COSIGN_PASSWORD", "AIRLOCK_SIGNING_PASSWORD"])
def test_a_key_of_cosign_opens_with_its_password(tmp_path: Path, label: str, variable: str) -> None:
    key = signing_keys.private()
    signer = keys.signer(
        written(tmp_path, signing_keys.sealed(key, label=label)), tmp_path, {variable: PASSWORD}
    )
    (tmp_path / "public").write_bytes(signing_keys.public_pem(key))
    assert keys.verifier("public", tmp_path).verify(PAYLOAD, signer.sign(PAYLOAD))


# what secure-systems-lab/go-securesystemslib seals, as its tests have it
@pytest.mark.parametrize(
    "block",
    [
        (
            '{"kdf":{"name":"scrypt","params":{"N":32768,"r":8,"p":1},"salt":"WO3mVvyTwJ9vwT5/Tk5OW5WPIBUofMjcpEfrLnfY4uA='
            '"},"cipher":{"name":"nacl/secretbox","nonce":"tCy7HcTFr4uxv4Nrg/DWmncuZ148U1MX"},"ciphertext":"08n43p5G5yviPEZp'
            'O7tPPF4aZQkWiWjkv4taFdhDBA0tamKH4nw="}'
        ),
        (
            '{"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"FhzPOt9/bJG4PTq6lQ6ecG6GzaOuOy/ynG5+yRiFlNs='
            '"},"cipher":{"name":"nacl/secretbox","nonce":"aw1ng1jHaDz/tQ7V2gR9O2+IGQ8xJEuE"},"ciphertext":"HycvuLZL4sYH0BrY'
            'Th4E/H20VtAW6u5zL5Pr+IBjYLYnCPzDkq8="}'
        ),
    ],
)
def test_what_the_library_of_cosign_seals_is_opened(block: str) -> None:
    pem = signing_keys.armoured(block.encode(), "SIGSTORE")
    assert base64.b64decode(sealed_key.opened(pem, b"supersecret").strip(b'"')) == b"reallyimportant"


def test_an_encrypted_pem_opens_with_its_password(tmp_path: Path) -> None:
    key = signing_keys.private()
    signer = keys.signer(written(tmp_path, signing_keys.pem(key, PASSWORD)), tmp_path, WITH_PASSWORD)
    assert signer.verify(PAYLOAD, signer.sign(PAYLOAD))


def test_sec_1_and_pkcs_1_are_read(tmp_path: Path) -> None:
    for kind in ("p256", "rsa"):
        pem = signing_keys.private(kind).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, signing_keys.PLAIN
        )
        assert keys.signer(written(tmp_path, pem), tmp_path, {}).sign(PAYLOAD)


def test_a_key_may_be_in_a_variable(tmp_path: Path) -> None:
    pem = signing_keys.sealed(signing_keys.private()).decode()
    assert keys.signer("env://SIGNING_KEY", tmp_path, {"SIGNING_KEY": pem, **WITH_PASSWORD}).sign(PAYLOAD)
    with pytest.raises(SigningError, match="there is no key in env://SIGNING_KEY"):
        keys.signer("env://SIGNING_KEY", tmp_path, {})


@pytest.mark.parametrize("encrypted", ["sealed", "pem"])
@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"COSIGN_PASSWORD": "battery staple"}, "the password is another"),
        ({}, "no password is set"),
    ],
)
def test_a_key_that_does_not_open_says_so_without_a_secret(
    tmp_path: Path, encrypted: str, environ: dict[str, str], said: str
) -> None:
    key = signing_keys.private()
    content = signing_keys.sealed(key) if encrypted == "sealed" else signing_keys.pem(key, PASSWORD)
    told = refused(tmp_path, content, environ)
    assert said in told
    assert "battery staple" not in told
    assert not any(line in told for line in content.decode().splitlines() if not line.startswith("---"))


def _weak() -> list[tuple[str, Private, str]]:
    return [
        ("a short RSA key", rsa.generate_private_key(65537, 1024), "RSA with 2048 bits"),  # noqa: S505 - what is refused
        ("another curve", ec.generate_private_key(ec.SECP256K1()), "EC P-256 or P-384"),
    ]


@pytest.mark.parametrize(("name", "key", "said"), _weak())
def test_weak_and_unusual_keys_are_refused(tmp_path: Path, name: str, key: Private, said: str) -> None:
    assert said in refused(tmp_path, signing_keys.pem(key), {})
    with pytest.raises(SigningError, match="of a kind that is not used here"):
        keys.verifier(written(tmp_path, signing_keys.public_pem(key)), tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no key to sign with"),
        (b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "is no key to sign with"),
        (signing_keys.armoured(b"{}", "COSIGN"), "the encrypted block is malformed"),
        (signing_keys.armoured(b"[" * 5000, "COSIGN"), "the encrypted block is malformed"),
        (signing_keys.sealed_block(b"no key", PASSWORD), "is no key to sign with"),
        (signing_keys.sealed_block(b"no key", PASSWORD, cost=1 << 10), "the parameters of scrypt"),
        (b"x" * 70_000, "longer than 65,536 bytes"),
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    told = refused(tmp_path, content, WITH_PASSWORD)
    assert said in told
    assert "c2VjcmV0" not in told


def test_a_public_key_signs_nothing_and_a_private_one_is_not_trusted(tmp_path: Path) -> None:
    key = signing_keys.private()
    assert "is no key to sign with" in refused(tmp_path, signing_keys.public_pem(key), {})
    for content in (signing_keys.pem(key), signing_keys.sealed(key)):
        with pytest.raises(SigningError, match="is a private key, where a public one belongs"):
            keys.verifier(written(tmp_path, content), tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "\0", "https://example.org/key.pub", "gcpkms://x", "awskms://x"])
def test_what_names_no_key_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SigningError):
        keys.verifier(name, tmp_path)
    with pytest.raises(SigningError):
        keys.signer(name, tmp_path, {})


def test_no_key_shows_in_a_repr(tmp_path: Path) -> None:
    key = signing_keys.private()
    signer = keys.signer(written(tmp_path, signing_keys.pem(key)), tmp_path, {})
    assert repr(signer) == "PrivateKey(name='a key')"


@pytest.fixture
def raw(aws: None, monkeypatch: pytest.MonkeyPatch) -> KMSClient:
    """Give boto3's own client; moto hashes a DIGEST once more, so that signing in it is made to be as KMS's."""
    prehashed = utils.Prehashed(hashes.SHA256())

    def of_ec(key: of_moto.ECDSAPrivateKey, message: bytes, algorithm: str) -> bytes:
        return key.private_key.sign(message, ec.ECDSA(prehashed))

    def of_rsa(key: of_moto.RSAPrivateKey, message: bytes, algorithm: str) -> bytes:
        return key.private_key.sign(message, padding.PKCS1v15(), prehashed)

    monkeypatch.setattr(of_moto.ECDSAPrivateKey, "sign", of_ec)
    monkeypatch.setattr(of_moto.RSAPrivateKey, "sign", of_rsa)
    return boto3.client("kms")


def kms_key(raw: KMSClient, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> tuple[str, str]:
    """Make a key; return its id and its ARN."""
    request: dict[str, Any] = {"KeySpec": spec, "KeyUsage": usage}
    told = raw.create_key(**request)["KeyMetadata"]
    return told["KeyId"], told["Arn"]


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "RSA_2048"])
def test_what_kms_signs_its_public_key_verifies(tmp_path: Path, raw: KMSClient, spec: str) -> None:
    key, arn = kms_key(raw, spec)
    raw.create_alias(AliasName="alias/release", TargetKeyId=key)
    for name in (f"awskms:///{key}", "awskms:///alias/release", f"awskms:///{arn}"):
        signer = keys.signer(name, tmp_path, {})
        signature = signer.sign(PAYLOAD)
        assert keys.verifier(name, tmp_path).verify(PAYLOAD, signature)
        assert not signer.verify(PAYLOAD + b"!", signature)
        public = raw.get_public_key(KeyId=key)["PublicKey"]
        pem = serialization.load_der_public_key(public).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert keys.verifier(written(tmp_path, pem), tmp_path).verify(PAYLOAD, signature)


def test_the_region_of_an_arn_is_asked(raw: KMSClient) -> None:
    elsewhere = boto3.client("kms", region_name="eu-central-1")
    arn = elsewhere.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    assert kms.key(f"awskms:///{arn}").sign(PAYLOAD)


def test_an_endpoint_of_the_name_is_asked(aws: None) -> None:
    key = kms.key(f"awskms://vpce-1.kms.example.org:8443/{'0' * 8}-0000-0000-0000-{'0' * 12}")
    assert key._asking.endpoint == "https://vpce-1.kms.example.org:8443"


@pytest.mark.parametrize(
    ("spec", "usage", "said"),
    [
        ("ECC_NIST_P384", "SIGN_VERIFY", "the key signs ECDSA_SHA_384"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "the key signs nothing"),
    ],
)
def test_a_key_of_kms_that_may_not_sign_is_refused(raw: KMSClient, spec: str, usage: str, said: str) -> None:
    key = kms.key(f"awskms:///{kms_key(raw, spec, usage)[0]}")
    with pytest.raises(SigningError) as caught:
        key.sign(PAYLOAD)
    assert said in str(caught.value)


def test_a_key_of_kms_that_is_not_there_is_named(aws: None) -> None:
    with pytest.raises(SigningError, match="alias/none cannot be used"):
        kms.key("awskms:///alias/none").sign(PAYLOAD)


def test_who_may_not_sign_is_told_what_to_allow() -> None:
    from airlock.aws_failures import Refusal, refused  # noqa: PLC0415 - of this test alone

    answer = Refusal("AccessDeniedException", "not authorized to perform: kms:Sign on resource")
    assert "kms:GetPublicKey" in refused(kms.SERVICE, answer, "sign with", "awskms:///x").remedy


def test_only_a_digest_goes_to_kms(raw: KMSClient) -> None:
    key = kms.key(f"awskms:///{kms_key(raw)[0]}")
    asked: list[object] = []

    def note(params: Mapping[str, object], **_: object) -> None:
        asked.append((params["Message"], params["MessageType"]))

    key._asking.client.meta.events.register("provide-client-params.kms.Sign", note)
    key.sign(PAYLOAD)
    assert asked == [(hashlib.sha256(PAYLOAD).digest(), "DIGEST")]
