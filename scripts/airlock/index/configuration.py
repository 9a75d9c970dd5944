"""The user's own configuration of Python indexes: uv's where it names any, else pip's, else the default index."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airlock.index import pip_settings, uv_settings
from airlock.index.indexes import Indexes, uv_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Indexes", "configured", "uv_environment"]


def configured(project: Path | None = None, environ: Mapping[str, str] = os.environ) -> Indexes:
    """Return the indexes that this user (and, for uv, the project in that folder) is configured with.

    Raises ConfigError where that configuration cannot be used.
    """
    return uv_settings.read(_default_index, environ, project) or pip_settings.read(_default_index, environ)


def _default_index() -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415 - costs 0.3 s, and most runs fetch nothing

    return PYPI_SIMPLE_ENDPOINT
