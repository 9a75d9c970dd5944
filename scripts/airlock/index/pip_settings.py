"""pip's configuration, as pip itself reports it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import ConfigError
from airlock.index.indexes import PIP_STRATEGY, Indexes
from airlock.index.locations import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LEVELS = ("global", "install", "download", ":env:")  # later ones replace earlier ones, as in pip's user guide
TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})


def ask_pip() -> str:
    """Return what `pip config list` prints, or nothing where there is no pip (as in uv's environments)."""
    other = process.find("pip3", "pip")
    for program in ([sys.executable, "-m", "pip"], [other] if other else []):
        if program:
            done = process.run([*program, "--disable-pip-version-check", "config", "list"], check=False)
            if done.returncode == 0:
                return done.stdout.decode(errors="replace")
    return ""


def from_environment(environ: Mapping[str, str]) -> str:
    """Return the PIP_* variables in the form of `pip config list`."""
    return "\n".join(
        f":env:.{name.removeprefix('PIP_').lower().replace('_', '-')}={value!r}"
        for name, value in environ.items()
        if name.startswith("PIP_") and value
    )


def options(listing: str) -> dict[str, str]:
    """Reduce the lines of `pip config list` to one value for each option."""
    found: dict[str, dict[str, str]] = {level: {} for level in LEVELS}
    for line in listing.splitlines():
        key, separator, value = line.partition("=")
        level, _, option = key.rpartition(".")
        if separator and level in found:
            found[level][option] = _text(value)
    merged: dict[str, str] = {}
    for level in LEVELS:
        merged |= found[level]
    return merged


def read(
    default_index: Callable[[], str], environ: Mapping[str, str], ask: Callable[[], str] = ask_pip
) -> Indexes:
    """Return the indexes of pip's configuration. Raises ConfigError where a value cannot be used."""
    option = options(ask() or from_environment(environ))
    extra = tuple(absolute(url) for url in option.get("extra-index-url", "").split())
    links = tuple(absolute(place) for place in option.get("find-links", "").split())
    index = option.get("index-url", "").strip()
    named = bool(index or extra or links)
    if option.get("no-index", "").lower() in TRUE:
        index, extra, named = "", (), True
    else:
        index = absolute(index) if index else default_index()
    return Indexes(
        index,
        extra,
        links,
        cert=_path(option, "cert"),
        client_cert=_path(option, "client-cert"),
        proxy=option.get("proxy", "").strip(),
        trusted_hosts=tuple(option.get("trusted-host", "").split()),
        timeout=_seconds(option),
        strategy=PIP_STRATEGY if extra else "",
        source="pip's configuration (pip config list)" if named else "the default index",
    )


def _text(value: str) -> str:
    try:
        literal = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value
    return literal if isinstance(literal, str) else value


def _path(option: Mapping[str, str], name: str) -> Path | None:
    text = option.get(name, "").strip()
    return Path(text).expanduser().absolute() if text else None


def _seconds(option: Mapping[str, str]) -> float:
    text = option.get("timeout", option.get("default-timeout", "")).strip()
    try:
        return float(text) if text else Indexes.timeout
    except ValueError as error:
        raise ConfigError(
            f"pip's timeout {text!r} is not a number of seconds",
            remedy="pip config debug  (shows which file sets it)",
        ) from error
