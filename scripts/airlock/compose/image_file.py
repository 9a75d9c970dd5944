"""`image/image.toml`: what the image is besides its packages, as one frozen object."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.compose import compression, entry, image_schema, trust
from airlock.compose.compression import Zstd
from airlock.debian.base import User
from airlock.debian.deb import Selection
from airlock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.compose.compression import Compression
    from airlock.compose.entry import Entry


@dataclass(frozen=True)
class RunConfig:
    """The image configuration's `config` (OCI image specification, config.md)."""

    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    workdir: str
    stop_signal: str
    ports: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LayerRules:
    """How packages share layers: the biggest alone, providers and each stability tier in bins by name."""

    alone_over_megabytes: float = 0.4
    alone_at_most: int = 36
    provider_bins: int = 6
    tier_bins: tuple[int, ...] = (2, 3, 3, 3, 1)  # of each tier; the last is of all higher tiers together
    compression: Compression = field(default_factory=Zstd)


@dataclass(frozen=True)
class ImageFile:
    user: User
    run: RunConfig
    debian: Selection
    links: tuple[tuple[str, str], ...]
    layers: LayerRules
    directories: tuple[Entry, ...]
    owners: tuple[tuple[str, str], ...]  # (path, package): who keeps a path that two packages own
    other_machines: tuple[str, ...] = ()  # patterns of paths that may be for another processor
    bundles: tuple[str, ...] = trust.BUNDLES  # patterns of the files of packages that hold trusted roots
    optional_libraries: tuple[str, ...] = ()  # patterns of sonames that may be missing


def load(path: Path) -> ImageFile:
    """Read image.toml. Raises ConfigError with everything that is wrong in one message."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read", cause=str(error), remedy=f"mend {path}") from error
    problems = image_schema.problems(document)
    if not problems:
        try:
            return _image_file(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"{type(error).__name__}: {error}")
    raise ConfigError(f"{path} cannot be used", cause="\n".join(problems), remedy=f"mend {path}")


def _image_file(document: dict[str, Any]) -> ImageFile:
    user, config = document["user"], document.get("config", {})
    debian, layers = document.get("debian", {}), document.get("layers", {})
    rules = LayerRules()
    return ImageFile(
        user=User(str(user["name"]), int(user["uid"]), int(user["gid"]), str(user["home"])),
        run=RunConfig(
            entrypoint=tuple(config.get("entrypoint", ())),
            cmd=tuple(config.get("cmd", ())),
            workdir=config.get("workdir", "/"),
            stop_signal=config.get("stop-signal", ""),
            ports=tuple(config.get("ports", ())),
            env=tuple((key, str(value)) for key, value in config.get("env", {}).items()),
            labels=tuple((key, str(value)) for key, value in config.get("labels", {}).items()),
        ),
        debian=Selection(tuple(debian.get("leave-out", ())), tuple(debian.get("keep", ()))),
        links=tuple(sorted(debian.get("links", {}).items())),
        layers=LayerRules(
            float(layers.get("alone-over-megabytes", rules.alone_over_megabytes)),
            int(layers.get("alone-at-most", rules.alone_at_most)),
            int(layers.get("provider-bins", rules.provider_bins)),
            tuple(layers.get("tier-bins", rules.tier_bins)),
            compression.chosen(layers.get("compression", "zstd"), layers.get("level")),
        ),
        directories=tuple(
            entry.directory(
                path.strip("/"), int(str(how["mode"]), 8), int(how.get("uid", 0)), int(how.get("gid", 0))
            )
            for path, how in sorted(document.get("directories", {}).items())
        ),
        owners=tuple(sorted((path.strip("/"), name) for path, name in document.get("owners", {}).items())),
        other_machines=tuple(document.get("binaries", {}).get("other-machines", ())),
        bundles=tuple(document.get("certificates", {}).get("bundles", trust.BUNDLES)),
        optional_libraries=tuple(document.get("binaries", {}).get("optional-libraries", ())),
    )
