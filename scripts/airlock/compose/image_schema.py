"""What image.toml may say: its sections, their keys, and what each value may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airlock.compose import compression
from airlock.config import unknown_keys
from airlock.locks import tiers

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN: dict[str, tuple[str, ...]] = {
    "user": ("name", "uid", "gid", "home"),
    "config": ("entrypoint", "cmd", "workdir", "stop-signal", "ports", "env", "labels"),
    "debian": ("leave-out", "keep", "links"),
    "layers": ("alone-over-megabytes", "alone-at-most", "provider-bins", "tier-bins", "compression", "level"),
    "binaries": ("other-machines", "optional-libraries"),
    "certificates": ("bundles",),
    "directories": (),
    "owners": (),
}
_STRINGS = {
    ("user", "name"),
    ("user", "home"),
    ("config", "workdir"),
    ("config", "stop-signal"),
    ("layers", "compression"),
}
_LISTS = {
    ("config", "entrypoint"),
    ("config", "cmd"),
    ("config", "ports"),
    ("debian", "leave-out"),
    ("debian", "keep"),
    ("binaries", "other-machines"),
    ("certificates", "bundles"),
    ("binaries", "optional-libraries"),
}
_TABLES = {("config", "env"), ("config", "labels"), ("debian", "links")}
_NUMBERS = {
    ("user", "uid"): (0, 2**32 - 2),
    ("user", "gid"): (0, 2**32 - 2),
    # at most 50 + 30 + 6 in each of 7 tiers: with the image's own, the 127 layers that an engine stacks
    ("layers", "alone-at-most"): (0, 50),
    ("layers", "provider-bins"): (1, 30),
    ("layers", "level"): (1, 22),
}
_TIER_BINS = (tiers.COUNT, 6)  # how many numbers, and how big
_FOLDER = ("mode", "uid", "gid")


def problems(document: Mapping[str, Any]) -> list[str]:
    """Describe everything that is wrong: unknown names with the nearest known one, types, ranges, paths."""
    found = unknown_keys(document, _KNOWN, "")
    for section, keys in _KNOWN.items():
        table = document.get(section, {})
        if not isinstance(table, dict):
            found.append(f"[{section}] must be a table")
        elif keys:
            found += unknown_keys(table, keys, f"[{section}] ")
    return found or _wrong_values(document)


def _wrong_values(document: Mapping[str, Any]) -> list[str]:
    problems = [f"[user] {key} is missing" for key in _KNOWN["user"] if key not in document.get("user", {})]
    for section in ("user", "config", "debian", "layers", "binaries", "certificates"):
        for key, value in document.get(section, {}).items():
            problems += [f"[{section}] {key} {wrong}" for wrong in _wrong((section, key), value)]
    layers = document.get("layers", {})
    if not problems and (
        wrong := compression.problem(layers.get("compression", "zstd"), layers.get("level"))
    ):
        problems.append(f"[layers] compression {wrong}")
    for path, how in document.get("directories", {}).items():
        problems += _wrong_path("directories", path)
        if not isinstance(how, dict) or not re.fullmatch("[01]?[0-7]{3}", str(how.get("mode"))):
            problems.append(f'[directories] {path} must be as {{ mode = "0775", uid = 0, gid = 0 }}')
        else:
            problems += unknown_keys(how, _FOLDER, f"[directories] {path} ")
    for section, table in (
        ("owners", document.get("owners", {})),
        ("debian.links", document.get("debian", {}).get("links", {})),
    ):
        for path, value in table.items() if isinstance(table, dict) else ():
            problems += _wrong_path(section, path)
            problems += [] if isinstance(value, str) else [f"[{section}] {path} must be a string"]
    return problems


def _wrong(key: tuple[str, str], value: object) -> list[str]:
    if key in _STRINGS and not isinstance(value, str):
        return [f"must be a string, not {value!r}"]
    if key in _LISTS:
        return _wrong_list(key, value)
    if key in _TABLES and not isinstance(value, dict):
        return ["must be a table"]
    if key in _NUMBERS:
        low, high = _NUMBERS[key]
        if not _is_whole(value, low, high):
            return [f"must be a whole number from {low} to {high}, not {value!r}"]
    if key == ("layers", "tier-bins"):
        most, high = _TIER_BINS
        numbers = value if isinstance(value, list) else []
        if not 1 <= len(numbers) <= most or not all(_is_whole(one, 1, high) for one in numbers):
            return [f"must be a list of 1 to {most} whole numbers from 1 to {high}, not {value!r}"]
    return _wrong_text(key, value) if isinstance(value, str) else []


def _wrong_list(key: tuple[str, str], value: object) -> list[str]:
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return [f"must be a list of strings, not {value!r}"]
    lost = [one for one in value if one[:1] not in {"/", "*"}] if key == ("certificates", "bundles") else []
    return [f"has {one!r}, which matches no absolute path" for one in lost]


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _wrong_text(key: tuple[str, str], text: str) -> list[str]:
    if key == ("user", "name") and not re.fullmatch("[a-z_][a-z0-9_-]*", text):
        return [f"must be a name that passwd(5) takes, not {text!r}"]
    if key in {("user", "home"), ("config", "workdir")} and (_wrong_path("", text) or ":" in text):
        return [f"must be an absolute path without `..`, not {text!r}"]
    return []


def _wrong_path(section: str, path: str) -> list[str]:
    parts = path.strip("/").split("/")
    if path == "/" and not section:
        return []
    if path.startswith("/") and not {"", ".", ".."} & set(parts) and path.isprintable():
        return []
    return [f"[{section}] {path!r} must be an absolute path below /, without `..`"]
