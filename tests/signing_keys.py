"""Keys of every kind that signs, made for tests; also as cosign's `generate-key-pair` would write them."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from nacl.secret import SecretBox

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.signing.local import Private, Public

PASSWORD = "correct horse"  # noqa: S105 - of keys that live as long as a test
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()


def private(kind: str = "p256") -> Private:
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def pem(key: Private, password: str = "") -> bytes:
    """Return PKCS #8, encrypted where there is a password."""
    encryption = serialization.BestAvailableEncryption(password.encode()) if password else PLAIN
    return key.private_bytes(PEM, PKCS8, encryption)


def public_pem(key: Private) -> bytes:
    public: Public = key.public_key()
    return public.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def sealed(key: Private, password: str = PASSWORD, label: str = "COSIGN") -> bytes:
    """Return a private key as cosign writes it."""
    der = key.private_bytes(serialization.Encoding.DER, PKCS8, PLAIN)
    return sealed_block(der, password, label)


def sealed_block(content: bytes, password: str, label: str = "COSIGN", cost: int = 1 << 15) -> bytes:
    salt, nonce = os.urandom(32), os.urandom(24)
    stretched = Scrypt(salt, 32, n=cost, r=8, p=1).derive(password.encode())
    document = {
        "kdf": {"name": "scrypt", "params": {"N": cost, "r": 8, "p": 1}, "salt": _text(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _text(nonce)},
        "ciphertext": _text(SecretBox(stretched).encrypt(content, nonce).ciphertext),
    }
    return armoured(json.dumps(document).encode(), label)


def armoured(content: bytes, label: str) -> bytes:
    title = f"ENCRYPTED {label} PRIVATE KEY"
    return f"-----BEGIN {title}-----\n{_text(content)}\n-----END {title}-----\n".encode()


def write_pair(folder: Path, name: str, kind: str = "p256") -> tuple[Path, Path]:
    """Write a private key as cosign does, and its public half, as NAME.key and NAME.pub."""
    key = private(kind)
    paths = folder / f"{name}.key", folder / f"{name}.pub"
    paths[0].write_bytes(sealed(key))
    paths[1].write_bytes(public_pem(key))
    return paths


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
