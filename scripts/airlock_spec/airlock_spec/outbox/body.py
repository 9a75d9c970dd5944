"""The body of a request or a response: within the document, or in an object of its own."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from airlock_spec.document import FormatError, match_names

CONTROLS = re.compile(rb"[\x00-\x08\x0b-\x0c\x0e-\x1f]")  # six bytes each in JSON; base64 is shorter
SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Body:
    """What was sent, with its size in bytes and its sha256; `data` is None where it lies at `key`."""

    sha256: str
    size: int
    data: bytes | None = None
    key: str = ""

    @classmethod
    def of(cls, data: bytes) -> Body:
        return cls(sha256_of(data), len(data), data)

    def at(self, key: str) -> Body:
        """Return the same body, to be found at a key."""
        return Body(self.sha256, self.size, None, key)

    def verified(self, data: bytes) -> bytes:
        """Return data where it is this body. Raises FormatError for any other."""
        if sha256_of(data) != self.sha256:
            raise FormatError(f"a body of {len(data)} bytes does not have the sha256 {self.sha256}")
        return data

    def fields(self) -> dict[str, Any]:
        """Return the form in a document: text where it is that, so that people can read it."""
        common = {"sha256": self.sha256, "size": self.size}
        if self.data is None:
            return {**common, "key": self.key}
        if not CONTROLS.search(self.data):
            try:
                return {**common, "text": self.data.decode()}
            except UnicodeDecodeError:
                pass
        return {**common, "base64": base64.b64encode(self.data).decode()}

    @classmethod
    def from_fields(cls, fields: object) -> Body | None:
        """Read what `fields` returned, or None. Raises FormatError, also where size or sha256 do not fit."""
        if fields is None:
            return None
        if not isinstance(fields, dict):
            raise FormatError("body must be an object or null")
        forms = [form for form in ("text", "base64", "key") if form in fields]
        if len(forms) != 1:
            raise FormatError("body must have one of text, base64 and key")
        match_names(fields, ("sha256", "size", forms[0]), "body")
        value, sha256, size = fields[forms[0]], fields["sha256"], fields["size"]
        if not isinstance(value, str) or not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
            raise FormatError("body must have a string, and 64 hexadecimal digits as sha256")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise FormatError("body must have a size in bytes")
        if forms[0] == "key":
            return cls(sha256, size, None, value)
        data = _data(forms[0], value)
        if (sha256_of(data), len(data)) != (sha256, size):
            raise FormatError("body does not have the sha256 and size that are said of it")
        return cls(sha256, size, data)


def _data(form: str, value: str) -> bytes:
    try:
        return value.encode() if form == "text" else base64.b64decode(value, validate=True)
    except ValueError as error:  # binascii.Error, or a lone surrogate
        raise FormatError(f"body is not {form}: {error}") from error
