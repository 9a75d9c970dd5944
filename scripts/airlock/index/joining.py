"""Joins fetching to this machine: the user's indexes and the Debian mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.index.fetch import THREADS, Origin

if TYPE_CHECKING:
    from airlock.config import Config

__all__ = ["THREADS", "origin"]


def origin(config: Config) -> Origin:
    """Return the user's indexes and the Debian mirror. Raises ConfigError where one cannot be used."""
    from airlock.debian.sources import find, url_of  # noqa: PLC0415 - these cost a second: only when needed
    from airlock.index.configuration import Indexes, configured  # noqa: PLC0415
    from airlock.index.simple import Finder  # noqa: PLC0415
    from airlock.index.web import Web  # noqa: PLC0415

    indexes, mirror = configured(config.project), find(config)
    web = Web(indexes, THREADS)
    deb_web = Web(Indexes(""), THREADS, dict(mirror.proxies))
    return Origin(web, Finder(web, indexes), deb_web, lambda deb: url_of(deb, mirror))
