"""uv's own configuration, where it names indexes: its variables first, then its files."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from airlock.errors import ConfigError
from airlock.index.indexes import Indexes
from airlock.index.locations import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAMED = re.compile(r"([A-Za-z0-9][\w.-]*)=(.+)")  # UV_INDEX and UV_DEFAULT_INDEX take `name=url`


@dataclass
class _Found:
    """What was seen so far; the first one that names a default wins, lists grow."""

    default: str = ""
    extra: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)
    no_index: bool = False
    strategy: str = ""
    sources: list[str] = field(default_factory=list)


def read(
    default_index: Callable[[], str], environ: Mapping[str, str], project: Path | None = None
) -> Indexes | None:
    """Return the indexes that uv is configured with, or None where its configuration names none.

    Raises ConfigError where a file is malformed. Source: uv's guides "Configuration files" and "Package indexes".
    """
    found = _Found()
    _take_variables(found, environ)
    for path, table in _tables(environ, project):
        _take_table(found, table, path, environ)
    if not found.sources:
        return None
    cert, client_cert = environ.get("SSL_CERT_FILE"), environ.get("SSL_CLIENT_CERT")
    return Indexes(
        "" if found.no_index else found.default or default_index(),
        () if found.no_index else tuple(dict.fromkeys(found.extra)),
        tuple(dict.fromkeys(found.find_links)),
        cert=Path(cert) if cert else None,
        client_cert=Path(client_cert) if client_cert else None,
        trusted_hosts=tuple(dict.fromkeys(found.trusted)),
        strategy=found.strategy,
        timeout=_seconds(environ),
        source=f"uv's configuration ({', '.join(found.sources)})",
    )


def _take_variables(found: _Found, environ: Mapping[str, str]) -> None:
    def words(name: str, separator: str | None = None) -> list[str]:
        values = [value.strip() for value in environ.get(name, "").split(separator) if value.strip()]
        if values:
            found.sources.append(name)
        return values

    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        for value in words(name)[:1]:
            found.default = found.default or _variable(value, environ)
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
        found.extra += [_variable(value, environ) for value in words(name)]
    found.find_links += [absolute(value) for value in words("UV_FIND_LINKS", ",")]
    if environ.get("UV_NO_INDEX", "").lower() in {"1", "true", "t", "yes", "y", "on"}:
        found.no_index = True
        found.sources.append("UV_NO_INDEX")
    found.trusted += environ.get("UV_INSECURE_HOST", "").split()
    found.strategy = environ.get("UV_INDEX_STRATEGY", "")


def _variable(value: str, environ: Mapping[str, str]) -> str:
    named = NAMED.fullmatch(value)
    return _with_credentials(absolute(named[2]), named[1], environ) if named else absolute(value)


def _take_table(found: _Found, table: Mapping[str, Any], path: Path, environ: Mapping[str, str]) -> None:
    pip = table.get("pip", {})  # what `uv pip` takes before the general keys
    lists: dict[str, list[str]] = {}
    for key in ("extra-index-url", "find-links"):
        lists[key] = [absolute(str(value), path.parent) for value in pip.get(key, table.get(key, []))]
    default = str(pip.get("index-url", table.get("index-url", "")))
    named = bool(default or any(lists.values()))
    for entry in table.get("index", []):
        url = absolute(str(entry.get("url", "")), path.parent)
        url = _with_credentials(url, str(entry.get("name", "")), environ)
        if entry.get("explicit"):
            continue  # only for packages that a project pins to it
        named = True
        if entry.get("default"):
            found.default = found.default or url
        else:
            found.extra.append(url)
    if default:
        found.default = found.default or absolute(default, path.parent)
    found.extra += lists["extra-index-url"]
    found.find_links += lists["find-links"]
    found.trusted += [str(host) for host in table.get("allow-insecure-host", [])]
    found.strategy = found.strategy or str(pip.get("index-strategy", table.get("index-strategy", "")))
    if pip.get("no-index", table.get("no-index", False)):
        found.no_index = named = True
    found.sources += [str(path)] if named else []


def _tables(environ: Mapping[str, str], project: Path | None) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    chosen = environ.get("UV_CONFIG_FILE")
    if chosen:
        path = Path(chosen).absolute()
        yield path, _parse(path)
        return
    if environ.get("UV_NO_CONFIG", "").lower() in {"1", "true", "t", "yes", "y", "on"}:
        return
    for folder in (project.absolute(), *project.absolute().parents) if project else ():
        path, pyproject = folder / "uv.toml", folder / "pyproject.toml"
        if path.is_file():
            yield path, _parse(path)
            break
        table = _parse(pyproject).get("tool", {}).get("uv") if pyproject.is_file() else None
        if table is not None:
            yield pyproject, table
            break
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    system = [Path(folder) for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":") if folder]
    yield from ((path, _parse(path)) for path in (home / "uv/uv.toml",) if path.is_file())
    files = [path for folder in (*system, Path("/etc")) if (path := folder / "uv/uv.toml").is_file()]
    yield from ((path, _parse(path)) for path in files[:1])


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"uv's configuration {path} cannot be read", cause=str(error)) from error


def _with_credentials(url: str, name: str, environ: Mapping[str, str]) -> str:
    """Lay UV_INDEX_<NAME>_USERNAME and _PASSWORD into a URL that has none of its own."""
    variable = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    user, password = environ.get(f"{variable}_USERNAME", ""), environ.get(f"{variable}_PASSWORD", "")
    parts = urlsplit(url)
    if not name or not (user or password) or "@" in parts.netloc or not parts.netloc:
        return url
    userinfo = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


def _seconds(environ: Mapping[str, str]) -> float:
    text = environ.get("UV_HTTP_TIMEOUT", "")
    return float(text) if text.isdecimal() else Indexes.timeout
