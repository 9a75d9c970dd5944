"""Where the Debian mirror is: the project's setting, else what this machine's apt uses (sources.list(5))."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from debian.deb822 import Deb822

from airlock import process
from airlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.config import Config
    from airlock.locks.debian import LockedDeb

MAIN = "debian"
SECURITY = "debian-security"

_APT = Path("/etc/apt")
# a mirror's root, or a snapshot's, which ends in the moment it shows
_ROOT = re.compile(r"^(?P<base>.+)/(?P<archive>debian(?:-security)?)(?P<moment>/\d{8}T\d{6}Z)?$")
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+\S+\s+(?P<components>.+)$")
_KEYRING = "debian-archive"  # begins the names of the keyrings that Debian's own archive is signed by


@dataclass(frozen=True)
class Sources:
    """The URLs of the two archives' roots, without a slash at the end; `proxies` is URL scheme → proxy.

    `snapshot` tells a mirror that shows the archive as it was once, where signatures have run out.
    """

    debian: str
    security: str
    snapshot: bool = False
    proxies: tuple[tuple[str, str], ...] = ()

    def root(self, archive: str) -> str:
        return {MAIN: self.debian, SECURITY: self.security}[archive]


@dataclass(frozen=True)
class _Entry:
    uri: str
    components: frozenset[str]
    signed_by: str

    @property
    def is_debian(self) -> bool:
        """Whether this may be Debian's own archive; vendors also end their URIs in /debian."""
        own_keyring = self.signed_by and _KEYRING not in self.signed_by
        return not own_keyring and "main" in self.components and _ROOT.match(self.uri) is not None


def find(config: Config, apt: Path = _APT) -> Sources:
    """Return the mirror that the project configures, else that of the apt sources in the folder `apt`.

    Raises ConfigError where there is neither.
    """
    if config.debian_mirror:
        _require_http(config.debian_mirror)
        return _from_root(config.debian_mirror)
    # the sources only have to name the archive: which suite the host runs does not matter
    entries = [entry for path in _files(apt) for entry in _read(path) if entry.is_debian]
    entries = [entry for entry in entries if _KEYRING in entry.signed_by] or entries
    if not entries:
        raise ConfigError(
            "no Debian mirror is configured",
            cause=f"[tool.airlock] debian-mirror is empty and no apt source in {apt} is Debian's archive",
            remedy="set AIRLOCK_DEBIAN_MIRROR, or [tool.airlock] debian-mirror in pyproject.toml,\n"
            "to the URL that has debian/ and debian-security/ below it",
        )
    roots = {_archive(entry.uri): entry.uri for entry in reversed(entries)}
    sibling = _from_root(entries[0].uri)
    return Sources(
        debian=roots.get(MAIN, sibling.debian),
        security=roots.get(SECURITY, sibling.security),
        snapshot=sibling.snapshot,
        proxies=_apt_proxies() if apt == _APT else (),
    )


def url_of(deb: LockedDeb, sources: Sources) -> str:
    """Return where the mirror has a locked package."""
    return f"{sources.root(deb.archive)}/{deb.filename}"


def shown(url: str) -> str:
    """Return a URL as it may be printed: without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _from_root(uri: str) -> Sources:
    """Accept the folder above the archives, or either archive's root: the other is its sibling."""
    parts = _ROOT.match(uri)
    base, moment = (parts["base"], parts["moment"] or "") if parts else (uri, "")
    return Sources(f"{base}/{MAIN}{moment}", f"{base}/{SECURITY}{moment}", snapshot=bool(moment))


def _archive(uri: str) -> str:
    parts = _ROOT.match(uri)
    return parts["archive"] if parts else MAIN


def _require_http(uri: str) -> None:
    if urlsplit(uri).scheme not in {"http", "https"} or not urlsplit(uri).netloc:
        raise ConfigError(
            f"debian-mirror {shown(uri)!r} is not an http or https URL",
            remedy="set AIRLOCK_DEBIAN_MIRROR, or [tool.airlock] debian-mirror in pyproject.toml",
        )


def _files(apt: Path) -> list[Path]:
    """Return the files in the order to believe them: Debian's own first, additions of others last."""
    more = sorted([*apt.glob("sources.list.d/*.sources"), *apt.glob("sources.list.d/*.list")])
    more.sort(key=lambda path: path.stem != "debian")
    return [path for path in (apt / "sources.list", *more) if path.is_file()]


def _read(path: Path) -> Iterator[_Entry]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # apt also skips what this user may not read
        return
    for uri, components, signed_by in _deb822(text) if path.suffix == ".sources" else _one_line(text):
        if urlsplit(uri).scheme in {"http", "https"}:
            yield _Entry(uri.rstrip("/"), frozenset(components.split()), signed_by)


def _deb822(text: str) -> Iterator[tuple[str, str, str]]:
    for stanza in Deb822.iter_paragraphs(text, use_apt_pkg=False):
        kinds, enabled = stanza.get("Types", "").split(), stanza.get("Enabled", "yes").strip().lower()
        if "deb" in kinds and enabled not in {"no", "false", "0", "off", "without", "disable"}:
            # a key inside the stanza has no name to judge it by
            signed_by = stanza.get("Signed-By", "").strip()
            signed_by = "" if "PGP" in signed_by else signed_by
            for uri in stanza.get("URIs", "").split():
                yield uri, stanza.get("Components", ""), signed_by


def _one_line(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        found = _ONE_LINE.match(line.partition("#")[0].strip())
        if found:
            options = dict(option.partition("=")[::2] for option in (found["options"] or "").split())
            yield found["uri"], found["components"], options.get("signed-by", "")


def _apt_proxies() -> tuple[tuple[str, str], ...]:
    """Return the proxies that apt reaches this mirror through; variables of the environment go before them."""
    program = process.find("apt-config")
    if program is None:
        return ()
    command: list[process.Arg] = [
        program,
        "shell",
        "http",
        "Acquire::http::Proxy",
        "https",
        "Acquire::https::Proxy",
    ]
    said = process.run(command, check=False).stdout.decode(errors="replace")
    proxies = dict(re.findall(r"^(https?)='([^']+)'$", said, re.MULTILINE))
    # apt falls back to the http proxy for https
    proxies.setdefault("https", proxies.get("http", ""))
    return tuple(sorted((scheme, proxy) for scheme, proxy in proxies.items() if proxy not in {"", "DIRECT"}))
