"""Which Debian package holds a shared library that wheels or drivers may expect of the system."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from airlock.cache import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from airlock.cache import Cache

Libraries = tuple[tuple[str, str], ...]  # (soname, package)

LIBC = (
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libmvec.so.1",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
)
# what manylinux policies leave to the system: PEP 513, 571, 599, 600
MANYLINUX = (
    *LIBC,
    "libICE.so.6",
    "libSM.so.6",
    "libX11.so.6",
    "libXext.so.6",
    "libXrender.so.1",
    "libatomic.so.1",
    "libexpat.so.1",
    "libgcc_s.so.1",
    "libglib-2.0.so.0",
    "libgobject-2.0.so.0",
    "libgomp.so.1",
    "libgthread-2.0.so.0",
    "libGL.so.1",
    "libstdc++.so.6",
    "libz.so.1",
)
# what database drivers, authentication and wheels built here from source link to
DRIVERS = (
    "libaio.so.1",
    "libaio.so.1t64",
    "libbz2.so.1.0",
    "libcrypto.so.3",
    "libcurl-gnutls.so.4",
    "libcurl.so.4",
    "libffi.so.8",
    "libgeos_c.so.1",
    "libgssapi_krb5.so.2",
    "libkrb5.so.3",
    "liblber.so.2",
    "libldap.so.2",
    "liblz4.so.1",
    "liblzma.so.5",
    "libmariadb.so.3",
    "libnuma.so.1",
    "libodbc.so.2",
    "libpq.so.5",
    "libproj.so.25",
    "librdkafka.so.1",
    "libsasl2.so.2",
    "libsnappy.so.1",
    "libsqlite3.so.0",
    "libssl.so.3",
    "libuuid.so.1",
    "libxml2.so.2",
    "libxmlsec1-openssl.so.1",
    "libxmlsec1.so.1",
    "libxslt.so.1",
    "libzstd.so.1",
)
SONAMES = frozenset(MANYLINUX + DRIVERS)

_PIECE = 1 << 20
# packages whose name does not follow from the soname, newest name first
_NAMED_OTHERWISE: dict[str, tuple[str, ...]] = {
    "libaio.so.1": ("libaio1",),  # not libaio1t64: that one changed the soname too
    "libcrypto.so.3": ("libssl3t64", "libssl3"),
    "libcurl-gnutls.so.4": ("libcurl3t64-gnutls", "libcurl3-gnutls"),
    "liblber.so.2": ("libldap2",),
    "libsnappy.so.1": ("libsnappy1v5",),
    "libxml2.so.2": ("libxml2",),
    "libxmlsec1-openssl.so.1": ("libxmlsec1t64-openssl", "libxmlsec1-openssl"),
    "libxmlsec1.so.1": ("libxmlsec1t64", "libxmlsec1"),
    "libxslt.so.1": ("libxslt1.1",),
    "libz.so.1": ("zlib1g",),
}
_NAMED_OTHERWISE |= dict.fromkeys(
    ("libglib-2.0.so.0", "libgobject-2.0.so.0", "libgthread-2.0.so.0"),
    ("libglib2.0-0t64", "libglib2.0-0"),
)
_NAMED_OTHERWISE |= dict.fromkeys(LIBC, ("libc6",))


def from_contents(pieces: Iterable[bytes], multiarch: str, sonames: Collection[str] = SONAMES) -> Libraries:
    """Find libraries in a Contents index that comes in pieces, uncompressed; one that is absent is left out."""
    names = b"|".join(re.escape(name.encode()) for name in sorted(sonames))
    # libraries of packages from before the merged /usr are listed below /lib
    folder = rb"(?:usr/)?lib/" + re.escape(multiarch.encode())
    line = re.compile(rb"^" + folder + rb"/(" + names + rb")[ \t]+(\S+)$", re.MULTILINE)
    found: dict[str, str] = {}
    for piece in _whole_lines(pieces):
        if multiarch.encode() not in piece:  # far quicker than the expression, which most pieces do not need
            continue
        for soname, owners in line.findall(piece):
            # section/package, and several where files are diverted; the shortest is the plain one
            packages = [owner.rpartition("/")[2] for owner in owners.decode().split(",")]
            found.setdefault(soname.decode(), min(packages, key=lambda name: (len(name), name)))
    return tuple(sorted(found.items()))


def from_names(names: Collection[str], sonames: Iterable[str] = SONAMES) -> Libraries:
    """Find libraries by how Debian names their packages (policy 8.1), among the `names` that a suite has.

    For mirrors that have no Contents index, or one that is out of step with what Debian signed.
    """
    found = {}
    for soname in sonames:
        package = next(
            (name for name in _NAMED_OTHERWISE.get(soname) or named_by_policy(soname) if name in names), None
        )
        if package:
            found[soname] = package
    return tuple(sorted(found.items()))


def cached(cache: Cache, sha256: str, multiarch: str, read: Callable[[], bytes]) -> Libraries:
    """Find libraries in the compressed Contents index with this sha256, which is read at most once."""
    key = key_of(sha256, multiarch, sorted(SONAMES))
    known = cache.read_json("debian-libraries", key)
    if known is None:
        known = from_contents(_inflate(read()), multiarch)
        cache.write_json("debian-libraries", key, known)
    return tuple((soname, package) for soname, package in known)


def named_by_policy(soname: str) -> tuple[str, str]:
    """Derive what a library's package may be called: libfoo.so.1 → libfoo1t64, libfoo1; libfoo2.so.1 → libfoo2-1."""
    name = re.sub(r"([0-9])\.so\.", r"\1-", soname)
    name = re.sub(r"\.so(\.|$)", "", name).replace("_", "-").lower()
    return f"{name}t64", name  # rebuilt for a 64 bit time_t, packages got a name of their own


def _inflate(content: bytes) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)  # gzip
    view = memoryview(content)
    for start in range(0, len(view), _PIECE):
        yield unpack.decompress(view[start : start + _PIECE])
    yield unpack.flush()


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        lines, newline, rest_of_line = piece.rpartition(b"\n")
        if newline:
            yield rest + lines
            rest = rest_of_line
        else:
            rest += piece
    yield rest
