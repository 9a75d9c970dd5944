from __future__ import annotations

from pathlib import Path

import pytest

from airlock.compose import image_file
from airlock.errors import ConfigError

REPOSITORY = Path(__file__).parents[3]
USER = '[user]\nname = "airflow"\nuid = 50000\ngid = 0\nhome = "/home/airflow"\n'


def load(tmp_path: Path, text: str) -> image_file.ImageFile:
    (tmp_path / "image.toml").write_text(text)
    return image_file.load(tmp_path / "image.toml")


def test_this_repositorys_image_is_the_official_user_under_dumb_init() -> None:
    found = image_file.load(REPOSITORY / "image" / "image.toml")
    assert (found.user.uid, found.user.gid) == (50000, 0)
    assert found.run.entrypoint == ("/usr/bin/dumb-init", "--", "/entrypoint")


def test_folders_have_a_mode_and_an_owner(tmp_path: Path) -> None:
    found = load(tmp_path, USER + '[directories]\n"/data" = { mode = "0775", uid = 7 }\n')
    (folder,) = found.directories
    assert (folder.path, folder.mode, folder.uid, folder.gid) == ("data", 0o775, 7, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (USER + "[confg]\n", "confg is not known; perhaps you meant config"),
        (USER + '[config]\nentry-point = ["x"]\n', "perhaps you meant entrypoint"),
        ("", "user"),
        (USER + '[directories]\n"/data" = { mode = "rwx" }\n', "ValueError"),
        (USER + "layers = 3\n", "uid"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert said in caught.value.cause or "[user]" in caught.value.cause


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        image_file.load(tmp_path / "image.toml")
