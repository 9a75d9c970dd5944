from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.config import Config
from airlock.places import Places
from airlock.platforms import AMD64, PLATFORMS
from debian_mirror import Mirror

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "downloads")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path, "example/image", (AMD64,), (AMD64,), "trixie", "", ())


@pytest.fixture
def config_of_both(tmp_path: Path) -> Config:
    return Config(
        tmp_path, "example/image", tuple(PLATFORMS.values()), tuple(PLATFORMS.values()), "trixie", "", ()
    )
