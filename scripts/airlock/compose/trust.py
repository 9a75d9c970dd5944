"""The image's one trust store: every TLS library in it reads this file, by links from where each would look.

docs/adr/0006-one-trust-store.md says why links rather than copies or environment variables.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose import elf, entry
from airlock.compose.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airlock.certificates import CertificateFile

# of Debian's update-ca-certificates; curl, Go and gRPC know it
STORE = "/etc/ssl/certs/ca-certificates.crt"
# files that hold the public roots for one Python package, each as good as any other
BUNDLES = (
    "*/certifi/cacert.pem",  # of requests, httpx, snowflake-connector and all that vendor certifi
    "*/botocore/cacert.pem",
    "*/grpc/_cython/_credentials/roots.pem",
    "*/httplib2/cacerts.txt",
    "*/requests/cacert.pem",  # before certifi was a package of its own; some SDKs still vendor that
)
PACKAGE = "ca-certificates"  # Debian's, which holds the public roots
_DEBIAN_OPENSSL = "usr/lib/ssl/cert.pem"
_DEBIAN_ROOTS = "usr/share/ca-certificates/"
_LOCAL = "usr/local/share/ca-certificates"  # where Debian wants a machine's own
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_OPENSSL = re.compile(rb'OPENSSLDIR: "/([A-Za-z0-9._+/-]+)"')
_MERGED = re.compile(r"^(bin|sbin|lib|lib32|lib64|libx32)/")


@dataclass(frozen=True)
class Links:
    """Which files of packages are links to the trust store; `exists` where the image has one."""

    exists: bool = False
    bundles: tuple[str, ...] = ()

    def replaces(self, path: str) -> bool:
        """Whether the file of a package at a path of the image gives way to a link."""
        return self.exists and any(fnmatch.fnmatchcase(f"/{path}", pattern) for pattern in self.bundles)

    def of_openssl(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return a link for every OpenSSL that a package brings along: where that one was built to look.

        OpenSSL reads OPENSSLDIR/cert.pem (SSL_CTX_set_default_verify_paths(3)), and holds OPENSSLDIR as text.
        """
        if not self.exists:
            return []
        binaries = (item.content for item in entries if item.content.startswith(elf.MAGIC))
        folders = {found.decode().strip("/") for content in binaries for found in _OPENSSL.findall(content)}
        usable = {folder for folder in folders if not {"", ".", ".."} & set(folder.split("/"))}
        return [link(_MERGED.sub(r"usr/\1/", f"{folder}/cert.pem", count=1)) for folder in sorted(usable)]


def link(path: str) -> Entry:
    return entry.symlink(path, STORE)


def entries(debian: Iterable[Entry], own: Sequence[CertificateFile]) -> list[Entry]:
    """Return the trust store: Debian's roots in the order of their names, then the project's own.

    The project's also stand alone, file by file, for programs that shall trust nothing else.
    """
    roots = sorted(
        (
            item
            for item in debian
            if item.kind is Kind.FILE and item.path.startswith(_DEBIAN_ROOTS) and item.path.endswith(".crt")
        ),
        key=lambda item: item.path,
    )
    bundle = b"".join(item.content.rstrip(b"\n") + b"\n" for item in roots)
    known = {base64.b64decode(block) for block in _PEM.findall(bundle)}
    for one in (one for file in own for one in file.certificates):
        if one.der not in known:
            bundle += _pem(one.der)
            known.add(one.der)
    return [
        entry.file(STORE.lstrip("/"), bundle),
        link(_DEBIAN_OPENSSL),
        *(
            entry.file(f"{_LOCAL}/{file.name}", b"".join(_pem(one.der) for one in file.certificates))
            for file in own
        ),
    ]


def identity(own: Sequence[CertificateFile]) -> list[tuple[str, list[str]]]:
    """Name what the project adds: its certificates, whatever is written around them."""
    return [(file.name, [hashlib.sha256(one.der).hexdigest() for one in file.certificates]) for file in own]


def _pem(der: bytes) -> bytes:
    return ssl.DER_cert_to_PEM_cert(der).encode()
