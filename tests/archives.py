"""Small wheels and Debian packages, well-formed or hostile, for tests."""

from __future__ import annotations

import io
import lzma
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def make_wheel(
    files: Mapping[str, str | bytes],
    *,
    name: str = "demo",
    version: str = "1.0",
    entry_points: str = "",
    symlinks: Mapping[str, str] | None = None,
    metadata: str = "",
) -> bytes:
    """Return a wheel with these members besides its own dist-info."""
    info = f"{name}-{version}.dist-info"
    members: dict[str, str | bytes] = dict(files)
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
    members[f"{info}/WHEEL"] = WHEEL
    if entry_points:
        members[f"{info}/entry_points.txt"] = entry_points
    members[f"{info}/RECORD"] = "".join(
        f"{path},,\n" for path in (*members, *(symlinks or {}), f"{info}/RECORD")
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in members.items():
            archive.writestr(zipfile.ZipInfo(path), content)
        for path, target in (symlinks or {}).items():
            link = zipfile.ZipInfo(path)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, target)
    return stream.getvalue()


def member(
    path: str, kind: bytes = tarfile.REGTYPE, *, target: str = "", mode: int = 0o644
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def make_deb(
    members: Sequence[tuple[tarfile.TarInfo, bytes]],
    *,
    package: str = "demo",
    version: str = "1",
    control: str = "",
) -> bytes:
    """Return a Debian package (deb(5)) with these members of its data archive."""
    stanza = control or f"Package: {package}\nVersion: {version}\nArchitecture: amd64\nDescription: x\n"
    archive = b"!<arch>\n"
    for name, content in (
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", _tar([(member("./control"), stanza.encode())])),
        ("data.tar.xz", _tar(members)),
    ):
        archive += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        archive += content + b"\n" * (len(content) % 2)
    return archive


def _tar(members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return lzma.compress(stream.getvalue())
