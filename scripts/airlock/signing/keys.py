"""Keys by the names that settings give them: a file, a variable, or a key of AWS KMS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock import kms
from airlock.errors import SigningError
from airlock.signing import local

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 1 << 16  # bytes of a file that may be a key
_VARIABLE = re.compile(r"env://([A-Za-z_][A-Za-z0-9_]*)")
_PASSWORDS = ("AIRLOCK_SIGNING_PASSWORD", "COSIGN_PASSWORD")


class Verifier(Protocol):
    """A public key, by the name it has in settings."""

    @property
    def name(self) -> str: ...

    @property
    def public(self) -> local.PublicKey:
        """The key itself. Raises SigningError or AwsError."""

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether the owner of the key signed the payload. Raises SigningError or AwsError."""
        ...


class Signer(Verifier, Protocol):
    """A private key, which knows its own signatures."""

    def sign(self, payload: bytes) -> bytes:
        """Return the signature of a payload's SHA-256 (Ed25519: of itself). Raises SigningError or AwsError."""
        ...


def signer(text: str, project: Path, environ: Mapping[str, str]) -> Signer:
    """Return the key to sign with: `awskms:///KEY`, `env://VARIABLE`, or a file, named from the project's folder.

    Encrypted files are opened with AIRLOCK_SIGNING_PASSWORD or COSIGN_PASSWORD. Raises SigningError, AwsError.
    """
    if kms.is_named(text):
        return kms.key(text)
    variable = _VARIABLE.fullmatch(text)
    if variable:
        pem = environ.get(variable[1], "").encode(errors="surrogateescape")
        if not pem:
            raise SigningError(
                f"there is no key in {text}",
                cause=f"the variable {variable[1]} is not set, or empty",
                remedy=f"export {variable[1]} with the PEM of the private key",
            )
    else:
        pem = _content(text, project)
    password = next((environ[name] for name in _PASSWORDS if name in environ), None)
    return local.private_key(
        text, pem, None if password is None else password.encode(errors="surrogateescape")
    )


def verifier(text: str, project: Path) -> Verifier:
    """Return a public key: `awskms:///KEY`, which is fetched when first asked, or a file of PEM.

    Raises SigningError.
    """
    return kms.key(text) if kms.is_named(text) else local.public_key(text, _content(text, project))


def _content(text: str, project: Path) -> bytes:
    if "://" in text:
        raise SigningError(
            f"{text!r} names no key",
            cause="a key is a file, awskms:///KEY-ID, awskms:///alias/NAME, awskms:///ARN, or to sign env://VARIABLE",
            remedy="mend --sign, --key, or [tool.airlock.push] sign and trusted-keys",
        )
    path = project / Path(text).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise SigningError(
            f"the key {text} cannot be read",
            cause=getattr(error, "strerror", None) or str(error),
            remedy=f"a relative name starts at the project's folder: {project}",
        ) from error
    if len(content) > _LONGEST:
        raise SigningError(
            f"{text} is no key", cause=f"it is longer than {_LONGEST:,} bytes", remedy="name another file"
        )
    return content
