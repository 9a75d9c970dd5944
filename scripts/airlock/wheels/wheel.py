"""A wheel, laid out by pypa/installer as the entries it makes in the image (PEP 427, PEP 376)."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import lzma
import posixpath
import stat
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

import installer
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, InvalidRecordEntry, RecordEntry
from installer.scripts import Script
from installer.sources import WheelFile
from installer.utils import Scheme, construct_record_file, fix_shebang

from airlock.compose import bytecode, entry, trust
from airlock.errors import UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from installer.scripts import ScriptSection

    from airlock.compose.bytecode import Compiler
    from airlock.compose.entry import Entry
    from airlock.wheels.layout import VenvLayout

# The bytecode that a wheel brings is left out, as it should be: the image's own is compiled here.
warnings.filterwarnings("ignore", message="Skip installing .*__pycache__", category=RuntimeWarning)

INSTALLER = b"airlock\n"
# what zipfile, csv, configparser and installer (its assertions, too) raise over a file that is no good wheel
_MALFORMED = (
    InstallerError, InvalidRecordEntry, zipfile.BadZipFile, zlib.error, lzma.LZMAError, csv.Error,
    configparser.Error, KeyError, ValueError, RuntimeError, EOFError, AssertionError,
)  # fmt: skip


def entries(
    filename: str,
    content: bytes,
    layout: VenvLayout,
    compiler: Compiler,
    links: trust.Links,
) -> list[Entry]:
    """Return all that installing the wheel makes: its files, console scripts, bytecode and RECORD.

    What holds trusted roots gives way to a link to the image's trust store.

    Raises UnsafeArchiveError where it is no wheel, or a member would land outside the environment.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.filename = filename
            _require_safe(archive, filename)
            destination = _Destination(filename, layout, links)
            installer.install(WheelFile(archive), destination, {"INSTALLER": INSTALLER})
    except _MALFORMED as error:
        raise UnsafeArchiveError(
            f"{filename} is not a wheel that can be installed",
            cause=f"{type(error).__name__}: {error}",
            remedy="do not use this file; report it to whoever published it",
        ) from error
    codes = bytecode.with_bytecode(destination.entries, compiler, layout.sources)
    laid_out = [*destination.entries, *codes, *links.of_openssl(destination.entries)]
    return [*laid_out, destination.record([item.path for item in codes])]


def _require_safe(archive: zipfile.ZipFile, filename: str) -> None:
    seen: set[str] = set()
    for member in archive.infolist():
        if (path := entry.safe_path(member.filename, filename)) in seen:
            raise UnsafeArchiveError(
                f"{filename} has two members of one name: {path}",
                cause="which of them is installed would depend on the tool",
                remedy="do not use this file; report it to whoever published it",
            )
        seen.add(path)
        mode = member.external_attr >> 16
        if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_IFMT(mode) == 0):
            raise UnsafeArchiveError(
                f"{filename} has a member that is no plain file: {member.filename}",
                cause="wheels hold files only; a symlink could lead out of its place",
                remedy="do not use this file; report it to whoever published it",
            )


class _Destination(WheelDestination):
    """Keeps what `installer.install` gives it."""

    def __init__(self, filename: str, layout: VenvLayout, links: trust.Links) -> None:
        self.entries: list[Entry] = []
        self._filename = filename
        self._distribution = filename.split("-", maxsplit=1)[0]
        self._layout = layout
        self._links = links
        self._records: list[tuple[Scheme, RecordEntry]] = []
        self._record_path = ""

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        script = Script(name, module, attr, section)
        path, content = script.generate(self._layout.python, "posix")
        return self._keep(Scheme("scripts"), path, content, executable=True)

    def write_file(
        self,
        scheme: Scheme,
        path: str | object,
        stream: BinaryIO,
        is_executable: bool,  # noqa: FBT001 - theirs
    ) -> RecordEntry:
        if scheme == "scripts":
            with fix_shebang(stream, self._layout.python) as fixed:
                return self._keep(scheme, str(path), fixed.read(), executable=True)
        return self._keep(scheme, str(path), stream.read(), executable=is_executable)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        self._records = list(records)
        self._record_path = record_file_path
        self._record_scheme = scheme

    def record(self, codes: Collection[str]) -> Entry:
        """Return RECORD; bytecode is listed without a hash as pip does, and so is a link to the trust store."""
        site = self._layout.site_packages
        records = list(self._records)
        records += [
            (self._record_scheme, RecordEntry(posixpath.relpath(path, site), None, None)) for path in codes
        ]
        stream = construct_record_file(sorted(records, key=lambda item: item[1].path), self._prefix)
        return entry.file(posixpath.join(site, self._record_path), stream.read())

    def _prefix(self, scheme: str) -> str | None:
        folder = self._layout.folder(scheme, self._distribution)
        site = self._layout.site_packages
        return None if folder == site else posixpath.relpath(folder, site) + "/"

    def _keep(self, scheme: Scheme, path: str, content: bytes, *, executable: bool) -> RecordEntry:
        safe = entry.safe_path(path, self._filename)
        place = posixpath.join(self._layout.folder(scheme, self._distribution), safe)
        if self._links.replaces(place):
            self.entries.append(trust.link(place))
            return RecordEntry(path, None, None)
        self.entries.append(entry.file(place, content, entry.PROGRAM_MODE if executable else entry.FILE_MODE))
        return RecordEntry(path, _record_hash(content), len(content))


def _record_hash(content: bytes) -> Hash:

    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return Hash("sha256", digest)
