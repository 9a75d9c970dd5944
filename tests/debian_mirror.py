"""A Debian mirror in memory, and a verifier that takes a first line for a signature."""

from __future__ import annotations

import gzip
import hashlib
import lzma
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airlock.debian.release import Archive
from airlock.debian.sources import Sources
from airlock.errors import FetchError, ResolveError
from airlock.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNED = b"signed by Debian\n"
FIRST_LINE_IS_SIGNATURE = "the first line is not Debian's"


class FakeVerifier:
    def verified(self, signed: bytes, what: str) -> bytes:
        if not signed.startswith(SIGNED):
            raise ResolveError(f"{what} is not signed by Debian", cause=FIRST_LINE_IS_SIGNATURE)
        return signed.removeprefix(SIGNED)


@dataclass
class Mirror:
    """A Transport over `files` (URL → content) that remembers what was asked for."""

    downloads: Path
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sources: Sources = field(
        default_factory=lambda: Sources(
            "http://mirror.invalid/debian", "http://mirror.invalid/debian-security"
        )
    )

    def read(self, url: str, limit: int) -> bytes:
        self.asked.append(url)
        content = self.files.get(url)
        if content is None:
            raise FetchError(f"{url} cannot be had", cause="404")
        if len(content) > limit:
            raise FetchError(f"{url} is longer than it should be")
        return content

    @property
    def archive(self) -> Archive:
        return Archive(self.sources, self, FakeVerifier(), self.downloads, Terminal(quiet=True), NOW)

    def publish(
        self,
        suite: str,
        indexes: Mapping[str, bytes],
        *,
        age: int = 1,
        lasts: int | None = 7,
        by_hash: bool = True,
    ) -> None:
        """Put a suite up, `age` days old, with a Valid-Until after `lasts` days."""
        folder = f"{self.sources.root(archive_of(suite))}/dists/{suite}"
        date = NOW - timedelta(days=age)
        text = f"Origin: Debian\nSuite: fancy\nCodename: {suite}\nDate: {date:%a, %d %b %Y %H:%M:%S} UTC\n"
        text += (
            f"Valid-Until: {date + timedelta(days=lasts):%a, %d %b %Y %H:%M:%S} UTC\n"
            if lasts is not None
            else ""
        )
        text += "Acquire-By-Hash: yes\n" if by_hash else ""
        text += "SHA256:\n"
        for path, content in indexes.items():
            sha256 = hashlib.sha256(content).hexdigest()
            text += f" {sha256} {len(content):8} {path}\n"
            self.files[f"{folder}/{path}"] = content
            if by_hash:
                self.files[f"{folder}/{path.rpartition('/')[0]}/by-hash/SHA256/{sha256}"] = content
        self.files[f"{folder}/InRelease"] = SIGNED + text.encode()

    def publish_suite(
        self,
        main: Mapping[str, str],
        security: Mapping[str, str] | None = None,
        contents: Mapping[str, str] | None = None,
    ) -> None:
        """Put up trixie and its two companions; each mapping is architecture → index text."""
        empty = dict.fromkeys(main, "")
        more = {
            f"main/Contents-{name}.gz": gzip.compress(text.encode())
            for name, text in (contents or {}).items()
        }
        self.publish("trixie", packages(main) | more, lasts=None)
        self.publish("trixie-updates", packages(empty))
        self.publish("trixie-security", packages(empty | dict(security or {})))


def packages(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {f"main/binary-{name}/Packages.xz": lzma.compress(text.encode()) for name, text in texts.items()}


def archive_of(suite: str) -> str:
    return "debian-security" if suite.endswith("-security") else "debian"


def stanza(name: str, version: str = "1.0", architecture: str = "amd64", **fields: str) -> str:
    """Write a stanza of a Packages index; `fields` have `_` for `-`."""
    more = "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in fields.items())
    return (
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{more}"
        f"Filename: pool/main/{name}_{version}_{architecture}.deb\nSize: 10\n"
        f"SHA256: {hashlib.sha256(f'{name} {version} {architecture}'.encode()).hexdigest()}\n\n"
    )
