"""A private key as `cosign generate-key-pair` writes it: PKCS #8 in a secretbox, under a password stretched by scrypt.

The PEM block holds one JSON object (secure-systems-lab/go-securesystemslib, package encrypted).
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

_PEM = re.compile(
    rb"-----BEGIN (ENCRYPTED (?:COSIGN|SIGSTORE) PRIVATE KEY)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----"
)
_COSTS = {
    2**power for power in range(14, 19)
}  # cosign's are 2^15 to 2^17; scrypt with r = 8 takes 1 KiB for each
_BLOCK, _PARALLEL = 8, 1


class WrongPasswordError(Exception):
    """The password does not open the key."""


def is_sealed(pem: bytes) -> bool:
    return _PEM.search(pem) is not None


def opened(pem: bytes, password: bytes) -> bytes:
    """Return the private key, as DER of PKCS #8.

    Raises ValueError, which tells nothing of the content, for what is malformed, and WrongPasswordError.
    """
    found = _PEM.search(pem)
    assert found, "is_sealed is asked first"
    try:
        document = json.loads(base64.b64decode(found[2], validate=False))
        kdf, cipher = document["kdf"], document["cipher"]
        names, costs = (kdf["name"], cipher["name"]), kdf["params"]
        salt, nonce, sealed = (
            base64.b64decode(text, validate=True)
            for text in (kdf["salt"], cipher["nonce"], document["ciphertext"])
        )
        cost, others = costs["N"], (costs["r"], costs["p"])
    except (KeyError, TypeError, ValueError, binascii.Error, RecursionError):
        raise ValueError("the encrypted block is malformed") from None
    if names != ("scrypt", "nacl/secretbox"):
        raise ValueError("it is encrypted in another way than cosign's")
    if cost not in _COSTS or others != (_BLOCK, _PARALLEL):
        raise ValueError("the parameters of scrypt are none that cosign uses")
    stretched = Scrypt(salt, SecretBox.KEY_SIZE, n=cost, r=_BLOCK, p=_PARALLEL).derive(password)
    try:
        return SecretBox(stretched).decrypt(sealed, nonce)
    except (
        CryptoError,
        ValueError,
        TypeError,
    ):  # a nonce of another length is the block's fault, and as useless
        raise WrongPasswordError from None
