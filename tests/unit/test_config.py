from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.errors import ConfigError
from airlock.platforms import AMD64, ARM64

if TYPE_CHECKING:
    from pathlib import Path


def project(tmp_path: Path, table: str = "") -> Path:
    (tmp_path / "pyproject.toml").write_text(f"[tool.airlock]\n{table}")
    return tmp_path


def test_an_empty_table_means_the_defaults(tmp_path: Path) -> None:
    found = config.load(project(tmp_path), environ={})
    assert (found.name, found.platforms, found.distributions) == ("airlock/airflow", (AMD64,), ())
    assert found.airflow_lock == tmp_path / "constraints/airflow.lock"


def test_a_variable_overrides_the_file_and_a_flag_both(tmp_path: Path) -> None:
    folder = project(tmp_path, 'platforms = ["linux/amd64"]\nname = "a/b"')
    environ = {"AIRLOCK_PLATFORMS": "linux/arm64", "AIRLOCK_NAME": "c/d"}
    assert config.load(folder, environ=environ).platforms == (ARM64,)
    assert config.load(folder, environ=environ).name == "c/d"
    assert config.load(folder, environ=environ, platforms=["linux/amd64"]).platforms == (AMD64,)


def test_an_unknown_key_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(project(tmp_path, 'platform = ["linux/amd64"]'), environ={})
    assert "platform is not known; perhaps you meant platforms" in caught.value.cause


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    table = 'nam = "x"\nplatforms = ["windows/amd64"]\ndistributions = ["nowhere"]\ndebian-suite = 13'
    with pytest.raises(ConfigError) as caught:
        config.load(project(tmp_path, table), environ={})
    for part in ("nam is not known", "windows/amd64", "nowhere", "debian-suite must be a string"):
        assert part in caught.value.cause


@pytest.mark.parametrize("content", [None, "not toml ["])
def test_a_folder_that_is_no_project_is_a_clear_error(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "pyproject.toml").write_text(content)
    with pytest.raises(ConfigError, match="cannot be used"):
        config.load(tmp_path, environ={})


def test_no_platform_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(project(tmp_path, "platforms = []"), environ={})
    assert "platforms is empty" in caught.value.cause


def test_a_platform_named_twice_is_meant_once(tmp_path: Path) -> None:
    found = config.load(project(tmp_path), environ={}, platforms=["linux/amd64", "linux/amd64"])
    assert found.platforms == (AMD64,)


@pytest.mark.parametrize("content", ["tool = 3", "[tool]\nairlock = 3"])
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    with pytest.raises(ConfigError, match="cannot be used"):
        config.load(tmp_path, environ={})


def test_locks_may_cover_more_platforms_than_are_composed(tmp_path: Path) -> None:
    folder = project(tmp_path, 'platforms = ["linux/amd64"]\nlock-platforms = ["linux/arm64", "linux/amd64"]')
    found = config.load(folder, environ={})
    assert (found.platforms, found.locked_platforms) == ((AMD64,), (AMD64, ARM64))
    chosen = config.load(folder, environ={}, platforms=["linux/arm64"])
    assert (chosen.platforms, chosen.locked_platforms) == ((ARM64,), (AMD64, ARM64))


def test_a_platform_for_one_command_leaves_the_locks_as_wide_as_they_are(tmp_path: Path) -> None:
    folder = project(tmp_path, 'platforms = ["linux/amd64"]')
    chosen = config.load(folder, environ={}, platforms=["linux/arm64"])
    assert (chosen.platforms, chosen.locked_platforms) == ((ARM64,), (AMD64, ARM64))


def test_the_order_in_which_platforms_are_asked_for_changes_nothing(tmp_path: Path) -> None:
    both = ["linux/arm64", "linux/amd64"]
    assert config.load(project(tmp_path), environ={}, platforms=both).platforms == (AMD64, ARM64)
