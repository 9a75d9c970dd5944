"""Secrets are new for each Airflow that is brought up, and strong enough for what they are for."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from airlock.up import secrets
from airlock.up.folder import UpFolder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> UpFolder:
    return UpFolder(tmp_path / "up")


def env(folder: UpFolder) -> dict[str, str]:
    secrets.write_compose_env(folder, {"LAB_PORT": "8080"})
    pairs = (line.partition("=")[::2] for line in folder.compose_env.read_text().splitlines())
    return {name: value.strip("'") for name, value in pairs}


def test_the_fernet_key_is_32_bytes_and_the_signing_secret_64(folder: UpFolder) -> None:
    found = env(folder)

    assert len(base64.urlsafe_b64decode(found["LAB_FERNET_KEY"])) == 32
    assert len(found["LAB_JWT_SECRET"]) >= 64


def test_settings_are_beside_the_secrets(folder: UpFolder) -> None:
    assert env(folder)["LAB_PORT"] == "8080"


def test_a_path_with_an_apostrophe_is_quoted_as_docker_compose_reads_it(folder: UpFolder) -> None:
    secrets.write_compose_env(folder, {"LAB_DAGS": "/home/Ann's $HOME/dags"})

    assert "LAB_DAGS='/home/Ann\\'s $HOME/dags'\n" in folder.compose_env.read_text()


def test_no_secret_is_made_twice(folder: UpFolder) -> None:
    first, second = env(folder), env(folder)

    assert [name for name in first if name != "LAB_PORT" and first[name] == second[name]] == []
    assert len({value for name, value in first.items() if name != "LAB_PORT"}) == len(first) - 1


def test_only_the_owner_reads_them(folder: UpFolder) -> None:
    env(folder)

    assert [path.stat().st_mode & 0o777 for path in (folder.compose_env, folder.passwords)] == [0o600] * 2


def test_the_password_of_the_file_is_that_of_the_containers(folder: UpFolder) -> None:
    found = env(folder)

    assert json.loads(folder.passwords.read_text()) == {"admin": found["LAB_ADMIN_PASSWORD"]}
