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
        (USER + '[directories]\n"/data" = { mode = "rwx" }\n', "must be as"),
        (USER + "layers = 3\n", "uid"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert said in caught.value.cause or "[user]" in caught.value.cause


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[config]\nentrypoint = "/entrypoint"\n', "entrypoint must be a list of strings"),
        ("[config]\nworkdir = 5\n", "workdir must be a string"),
        ('[directories]\n"/opt/../../x" = { mode = "0755" }\n', "absolute path below /"),
        ('[directories]\n"/" = { mode = "0755" }\n', "absolute path below /"),
        ('[directories]\n"/x" = { mode = "0755", udi = 5 }\n', "perhaps you meant uid"),
        ('[directories]\n"/x" = { mode = "0o775777777" }\n', "must be as"),
        ("[layers]\nlevel = 99\n", "whole number from 1 to 22"),
        ('[layers]\ncompression = "lzma"\n', 'must be "zstd" or "gzip"'),
        ('[layers]\ncompression = "gzip"\nlevel = 13\n', "levels from 1 to 12"),
        ("[layers]\nprovider-bins = 0\n", "whole number from 1 to 30"),
        ('[certificates]\nbundles = "*"\n', "bundles must be a list of strings"),
        (
            '[certificates]\nbundles = ["certifi/cacert.pem"]\n',
            "'certifi/cacert.pem', which matches no absolute path",
        ),
        ("[layers]\ntier-bins = 2\n", "a list of 1 to 7 whole numbers from 1 to 6"),
        ("[layers]\ntier-bins = [1, 9]\n", "a list of 1 to 7 whole numbers from 1 to 6"),
        ("[layers]\ntier-bins = []\n", "a list of 1 to 7 whole numbers from 1 to 6"),
        ('[debian.links]\n"../nawk" = "/usr/bin/mawk"\n', "absolute path below /"),
        ('[debian.links]\n"/usr/bin/nawk" = 3\n', "must be a string"),
        ("[config.env]\nA = 1\n[debian]\nkeep = 3\n[owners]\nx = 1\n", "keep must be a list of strings"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, USER + text)
    assert said in caught.value.cause


@pytest.mark.parametrize("line", ['name = "a:b"', "uid = -5", 'home = "../x"', 'home = "/x:y"', "gid = true"])
def test_an_account_that_cannot_be_is_refused(tmp_path: Path, line: str) -> None:
    key = line.split(" ", 1)[0]
    text = "\n".join(line if row.startswith(f"{key} ") else row for row in USER.splitlines())
    with pytest.raises(ConfigError):
        load(tmp_path, text)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        image_file.load(tmp_path / "image.toml")
