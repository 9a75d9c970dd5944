"""What the name of a file in an index says."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

if TYPE_CHECKING:
    from packaging.version import Version


def filename_of(url: str) -> str:
    """Return the file name at the end of a URL."""
    return unquote(urlsplit(url).path).rpartition("/")[2]


def version_of(filename: str) -> Version | None:
    """Return the version that a file's name gives, None where it is neither a wheel nor an sdist."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None  # eggs and installers of old
