"""The project's own certificates: what is in `image/certificates/`, read and checked before anything is made."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.errors import ConfigError, printable
from airlock.terminal import counted
from airlock.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BOUNDARY = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]+)-----")
_ALMOST = re.compile(r"(?i:(?=.*---).*\b(BEGIN|END|CERTIFICATE|KEY)\b)|\b(BEGIN|END) [A-Z0-9 ]*CERTIFICATE\b")
_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})  # RFC 7468, section 5.1
_SUFFIXES = frozenset({".pem", ".crt"})
_NOTES = frozenset({".md", ".txt", ".rst"})
_SECRET = b"PRIVATE KEY-----"
_VERSION_3 = b"\xa0\x03\x02\x01\x02"
_WANTED = {  # of a CA, as DER has them
    "basic constraints that are not critical": b"\x06\x03\x55\x1d\x13\x01\x01\xff",
    "no key usage": b"\x06\x03\x55\x1d\x0f",
    "no subject key identifier": b"\x06\x03\x55\x1d\x0e",
}


@dataclass(frozen=True)
class Certificate:
    """A certificate of a CA; `not_after` is in seconds of the epoch."""

    der: bytes
    subject: str
    not_after: float


@dataclass(frozen=True)
class CertificateFile:
    """A file of the folder, by its path below it, with its certificates in their order."""

    name: str
    certificates: tuple[Certificate, ...]


def read(folder: Path, project: Path) -> tuple[CertificateFile, ...]:
    """Read every `*.pem` and `*.crt` below a folder, in the order of their names; nothing where there is none.

    Raises ConfigError with everything that is wrong in one message: certificates are trusted or the image is
    not made, so no file is passed over in silence.
    """
    found: list[CertificateFile] = []
    problems: list[str] = []
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        problems.append(f"{folder.name} must be a folder, and no symlink")
    for path in [] if problems else below(folder):
        name = path.relative_to(folder).as_posix()
        if (path.is_dir() and not path.is_symlink()) or _is_note(path):
            continue
        try:
            found.append(CertificateFile(name, tuple(_certificates(_content(path, name, project)))))
        except _Unusable as error:
            problems += [f"{name}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigError(
            f"{counted(len(problems), 'problem')} in {folder}",
            cause="\n".join(problems),
            remedy="mend or remove these files (docs/certificates.md)",
        )
    return tuple(found)


def warnings(files: tuple[CertificateFile, ...], now: float) -> list[str]:
    """Describe what will be in the trust store and be of no use, at a time in seconds of the epoch.

    No error, for no date decides what the image is, and not every library is strict.
    """
    return [
        f"warning: image/certificates/{file.name}: {printable(one.subject)} {wrong}"
        for file in files
        for one in file.certificates
        for wrong in (*_expired(one, now), *_not_strict(one.der))
    ]


def _expired(one: Certificate, now: float) -> list[str]:
    return [f"expired on {_date(one.not_after)}"] if one.not_after < now else []


def _not_strict(der: bytes) -> list[str]:
    """Say what Python refuses since 3.13: VERIFY_X509_STRICT asks of a CA what RFC 5280 does (section 4.2.1)."""
    if _VERSION_3 not in der[:20]:
        return []
    wrong = [what for what, identifier in _WANTED.items() if identifier not in der]
    return [f"has {', '.join(wrong)}: Python 3.13 refuses what it signs"] if wrong else []


class _Unusable(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with one file."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


def _is_note(path: Path) -> bool:
    return not path.is_symlink() and (path.suffix.lower() in _NOTES or path.name.startswith("."))


def _content(path: Path, name: str, project: Path) -> bytes:
    """Return what a file holds, or raise _Unusable before it is read where that would be no good."""
    if not name.isprintable():
        raise _Unusable("its name has characters that cannot be printed")
    if path.suffix not in _SUFFIXES:
        raise _Unusable("is not taken: PEM files are, named *.pem or *.crt, and notes, named *.md or *.txt")
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: before Python 3.13
        raise _Unusable("is a symlink to itself") from error
    if not target.is_relative_to(project.resolve()):
        raise _Unusable(f"is a symlink out of the project, to {target}: copy the file")
    if not target.is_file():
        raise _Unusable("is no file" if target.exists() else "is a symlink to nothing")
    try:
        content = target.read_bytes()
    except OSError as error:
        raise _Unusable(f"cannot be read: {error.strerror}") from error
    if _SECRET in content:
        raise _Unusable(
            "holds a PRIVATE KEY, which must never come into an image: take it out of the project"
        )
    return content


def _certificates(content: bytes) -> list[Certificate]:
    """Read a PEM file. Raises _Unusable with everything that is wrong with it."""
    found, problems = [], []
    for line, block in _blocks(content):
        try:
            found.append(_certificate(block))
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if not found and not problems:
        der = content[:1] == b"\x30"  # the tag of a SEQUENCE, which every certificate is
        problems.append(
            "is DER, not PEM: openssl x509 -inform der -in FILE -out FILE.pem"
            if der
            else "holds no certificate: it is no PEM file"
        )
    if problems:
        raise _Unusable(*problems)
    return found


def _blocks(content: bytes) -> Iterator[tuple[int, str | ValueError]]:
    """Yield the blocks of a PEM file (RFC 7468) as base64, each with the line it begins on, or what is wrong.

    Text between the blocks is a comment, unless it looks like a boundary that lost a character.
    """
    label, begun, body = "", 0, ""
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        boundary = _BOUNDARY.fullmatch(line.strip())
        if boundary and boundary[1] == "BEGIN":
            if label:
                yield begun, ValueError(f"{label} has no end")
            label, begun, body = boundary[2], number, ""
        elif boundary:
            yield begun or number, _closed(label, boundary[2], body)
            label, begun = "", 0
        elif label:
            body += line.strip()
        elif _ALMOST.search(line):
            yield number, ValueError(f"is neither a boundary nor a comment: {line.strip()[:60]}")
    if label:
        yield begun, ValueError(f"{label} has no end: the file was cut off")


def _closed(label: str, end: str, body: str) -> str | ValueError:
    """Return the base64 of a block that ended, or why it is no certificate."""
    if label != end:
        return ValueError(f"{label or 'nothing'} ends as {end}")
    return body if label in _LABELS else ValueError(f"is a {label}: only certificates have a place here")


def _certificate(block: str | ValueError) -> Certificate:
    """Read one block. Raises ValueError where it is not the certificate of a CA."""
    if isinstance(block, ValueError):
        raise block
    try:
        der = base64.b64decode(block, validate=True)
    except binascii.Error as error:
        raise ValueError(f"is not base64: {error}") from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=der)
        known = context.get_ca_certs()
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"is no certificate that OpenSSL can read: {error}") from error
    if context.cert_store_stats()["x509"] != 1:
        raise ValueError("is more than one certificate")
    if not known:
        raise ValueError("is the certificate of a server or client, not of a CA: take its issuer's")
    facts: Mapping[str, Any] = known[0]
    names = [value for part in facts["subject"] for _, value in part]
    return Certificate(der, ", ".join(reversed(names)), ssl.cert_time_to_seconds(facts["notAfter"]))


def _date(seconds: float) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 - only for a warning

    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
