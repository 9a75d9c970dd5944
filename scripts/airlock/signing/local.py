"""Keys of this machine: what they sign and verify, as sigstore does with SHA-256 (cosign's signature specification)."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from airlock.errors import SigningError
from airlock.signing import sealed_key

Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_CURVES = ("secp256r1", "secp384r1")
_LEAST_RSA_BITS = 2048
_KINDS = "usable keys are of EC P-256 or P-384, RSA with 2048 bits or more, or Ed25519"
_MAKE = "make one: openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -out signing.key"


@dataclass(frozen=True)
class PublicKey:
    """A Verifier; `name` is what the key is called where it is configured."""

    name: str
    _key: Public = field(repr=False)

    @property
    def public(self) -> PublicKey:
        return self

    @property
    def der(self) -> bytes:
        """The key as SubjectPublicKeyInfo (RFC 5280, section 4.1)."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_bytes(serialization.Encoding.DER, form)

    @property
    def is_p256(self) -> bool:
        """Whether it is a key of ECDSA with the curve P-256."""
        return isinstance(self._key, ec.EllipticCurvePublicKey) and isinstance(self._key.curve, ec.SECP256R1)

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether this key's owner signed the payload."""
        try:
            match self._key:
                case ec.EllipticCurvePublicKey() as key:
                    key.verify(signature, payload, ec.ECDSA(hashes.SHA256()))
                case rsa.RSAPublicKey() as key:
                    key.verify(signature, payload, padding.PKCS1v15(), hashes.SHA256())
                case ed25519.Ed25519PublicKey() as key:
                    key.verify(signature, payload)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A Signer; the same payload has the same signature each time (RFC 6979 for EC)."""

    name: str
    _key: Private = field(repr=False)

    def sign(self, payload: bytes) -> bytes:
        match self._key:
            case ec.EllipticCurvePrivateKey() as key:
                return key.sign(payload, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
            case rsa.RSAPrivateKey() as key:
                return key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
            case ed25519.Ed25519PrivateKey() as key:
                return key.sign(payload)

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.name, self._key.public_key())

    def verify(self, payload: bytes, signature: bytes) -> bool:
        return self.public.verify(payload, signature)


def private_key(name: str, pem: bytes, password: bytes | None) -> PrivateKey:
    """Read a private key: PKCS #8, SEC 1 or PKCS #1, encrypted or not, or cosign's. Raises SigningError."""
    try:
        if sealed_key.is_sealed(pem):
            # one made without a password is sealed with the empty one
            key: object = serialization.load_der_private_key(sealed_key.opened(pem, password or b""), None)
        else:
            key = _loaded(name, pem, password)
    except sealed_key.WrongPasswordError:
        raise _wrong_password(name, given=password is not None) from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        cause = (
            str(error) if sealed_key.is_sealed(pem) else "its content cannot be read as PEM of a private key"
        )
        raise SigningError(f"{name} is no key to sign with", cause=cause, remedy=_MAKE) from None
    if not isinstance(key, Private):
        raise _unusable(name)
    _require_strength(name, key.public_key())
    return PrivateKey(name, key)


def public_key(name: str, content: bytes, *, is_der: bool = False) -> PublicKey:
    """Read a public key (SubjectPublicKeyInfo, as PEM or DER). Raises SigningError."""
    if not is_der and b"PRIVATE KEY-----" in content:
        raise SigningError(
            f"{name} is a private key, where a public one belongs",
            cause="whoever only verifies must not be able to sign",
            remedy=f"openssl pkey -in {name} -pubout (for cosign's: cosign public-key --key {name})",
        )
    load = serialization.load_der_public_key if is_der else serialization.load_pem_public_key
    try:
        key = load(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SigningError(
            f"{name} is no public key",
            cause="its content cannot be read as PEM of one",
            remedy="openssl pkey -in PRIVATE -pubout, or: cosign public-key --key PRIVATE",
        ) from None
    if not isinstance(key, Public):
        raise _unusable(name)
    _require_strength(name, key)
    return PublicKey(name, key)


def _loaded(name: str, pem: bytes, password: bytes | None) -> object:
    try:
        return serialization.load_pem_private_key(pem, None)
    except TypeError:  # it is encrypted
        if not password:
            raise _wrong_password(name, given=False) from None
    try:
        return serialization.load_pem_private_key(pem, password)
    except ValueError:  # OpenSSL cannot tell a wrong password from a damaged key
        raise _wrong_password(name, given=True) from None


def _require_strength(name: str, key: Public) -> None:
    weak = (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA_BITS
    )
    if weak:
        raise _unusable(name)


def _unusable(name: str) -> SigningError:
    return SigningError(f"{name} is a key of a kind that is not used here", cause=_KINDS, remedy=_MAKE)


def _wrong_password(name: str, *, given: bool) -> SigningError:
    return SigningError(
        f"the key {name} cannot be opened",
        cause="the password is another, or the file is damaged"
        if given
        else "it is encrypted, and no password is set",
        remedy="export AIRLOCK_SIGNING_PASSWORD (or COSIGN_PASSWORD) with its password",
    )
