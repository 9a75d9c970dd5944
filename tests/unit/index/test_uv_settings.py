from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import ConfigError
from airlock.index import uv_settings
from airlock.index.indexes import Indexes, uv_environment

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "https://default.example.invalid/simple/"
A, B = "https://a.example.invalid/simple", "https://b.example.invalid/simple"


def read(environ: dict[str, str], project: Path | None = None) -> Indexes | None:
    nowhere = {"HOME": "/nonexistent", "XDG_CONFIG_DIRS": "/nonexistent"}
    return uv_settings.read(lambda: DEFAULT, nowhere | environ, project)


def of_file(folder: Path, text: str, **environ: str) -> Indexes:
    path = folder / "uv.toml"
    path.write_text(text, encoding="utf-8")
    indexes = read({"UV_CONFIG_FILE": str(path), **environ})
    assert indexes is not None
    return indexes


def test_without_an_index_uv_has_nothing_to_say() -> None:
    assert read({"UV_HTTP_TIMEOUT": "5", "UV_CACHE_DIR": "/srv/uv"}) is None


def test_the_variables_are_read() -> None:
    indexes = read(
        {
            "UV_DEFAULT_INDEX": f"corp={A}",
            "UV_INDEX": f"one={B} file:///srv/simple",
            "UV_EXTRA_INDEX_URL": "https://c.example.invalid",
            "UV_FIND_LINKS": "/srv/wheels,https://d.example.invalid/links",
            "UV_INSECURE_HOST": "b.example.invalid",
            "SSL_CERT_FILE": "/etc/corp.pem",
        }
    )
    assert indexes is not None
    assert indexes.urls == (B, "file:///srv/simple", "https://c.example.invalid", A)
    assert indexes.find_links == ("/srv/wheels", "https://d.example.invalid/links")
    assert indexes.trusted_hosts == ("b.example.invalid",)
    assert str(indexes.cert) == "/etc/corp.pem"
    assert "UV_DEFAULT_INDEX" in indexes.source


def test_a_named_index_gets_its_credentials() -> None:
    indexes = read(
        {
            "UV_INDEX": f"my-corp={A}",
            "UV_INDEX_MY_CORP_USERNAME": "me",
            "UV_INDEX_MY_CORP_PASSWORD": "p@ss/word",
        }
    )
    assert indexes is not None
    assert indexes.extra_index_urls == ("https://me:p%40ss%2Fword@a.example.invalid/simple",)
    assert "p%40ss" not in repr(indexes)


def test_a_file_names_indexes_in_tables(tmp_path: Path) -> None:
    indexes = of_file(
        tmp_path,
        f'[[index]]\nname = "corp"\nurl = "{A}"\ndefault = true\n[[index]]\nurl = "{B}"\n'
        '[[index]]\nname = "pinned"\nurl = "https://pinned.example.invalid"\nexplicit = true\n',
        UV_INDEX_CORP_USERNAME="token",
    )
    assert indexes.urls == (B, "https://token:@a.example.invalid/simple")


def test_a_file_may_use_the_older_keys_and_those_of_uv_pip(tmp_path: Path) -> None:
    indexes = of_file(
        tmp_path,
        f'index-url = "https://old.example.invalid"\nextra-index-url = ["{B}"]\nfind-links = ["wheels"]\n'
        f'[pip]\nindex-url = "{A}"\nindex-strategy = "unsafe-first-match"\n',
    )
    assert indexes.urls == (B, A)
    assert indexes.find_links == (str(tmp_path / "wheels"),)
    assert indexes.strategy == "unsafe-first-match"


def test_a_variable_goes_before_a_file(tmp_path: Path) -> None:
    assert of_file(tmp_path, f'index-url = "{A}"\n', UV_DEFAULT_INDEX=B).index_url == B


def test_no_index_leaves_find_links_alone(tmp_path: Path) -> None:
    indexes = of_file(tmp_path, 'no-index = true\nfind-links = ["/srv/wheels"]\n')
    assert indexes.urls == ()
    assert uv_environment(indexes)["UV_NO_INDEX"] == "1"
    assert "UV_DEFAULT_INDEX" not in uv_environment(indexes)


def test_the_projects_file_goes_before_the_users_and_that_before_the_systems(tmp_path: Path) -> None:
    project, user, system = tmp_path / "project", tmp_path / "user", tmp_path / "system"
    for folder, text in (
        (project, f'[tool.uv]\nextra-index-url = ["{A}"]\n'),
        (user / "uv", f'index-url = "{B}"\n'),
        (
            system / "uv",
            'index-url = "https://system.example.invalid"\nextra-index-url = ["https://more.example.invalid"]',
        ),
    ):
        folder.mkdir(parents=True)
        (folder / ("pyproject.toml" if folder == project else "uv.toml")).write_text(text, encoding="utf-8")
    environ = {"XDG_CONFIG_HOME": str(user), "XDG_CONFIG_DIRS": str(system)}
    indexes = read(environ, project)
    assert indexes is not None
    assert indexes.urls == (A, "https://more.example.invalid", B)
    assert read(environ | {"UV_NO_CONFIG": "1"}, project) is None


def test_a_malformed_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"uv\.toml cannot be read"):
        of_file(tmp_path, "index-url =")


def test_uv_is_given_what_pip_uses() -> None:
    indexes = Indexes(
        A,
        (B, "file:///srv/simple"),
        ("/srv/wheels", "/srv/more"),
        proxy="http://proxy.example.invalid",
        trusted_hosts=("b.example.invalid",),
        strategy="unsafe-best-match",
    )
    assert uv_environment(indexes) == {
        "UV_DEFAULT_INDEX": A,
        "UV_INDEX": f"{B} file:///srv/simple",
        "UV_FIND_LINKS": "/srv/wheels,/srv/more",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "b.example.invalid",
        "UV_HTTP_TIMEOUT": "30",
        "HTTP_PROXY": "http://proxy.example.invalid",
        "HTTPS_PROXY": "http://proxy.example.invalid",
    }
