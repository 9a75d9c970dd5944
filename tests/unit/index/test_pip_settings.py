from __future__ import annotations

import os
from pathlib import Path

import pytest

from airlock.errors import ConfigError
from airlock.index import pip_settings
from airlock.index.indexes import Indexes

DEFAULT = "https://default.example.invalid/simple/"


def read(listing: str, environ: dict[str, str] | None = None) -> Indexes:
    return pip_settings.read(lambda: DEFAULT, environ or {}, ask=lambda: listing)


def test_without_configuration_it_is_the_default_index() -> None:
    assert read("") == Indexes(DEFAULT)


def test_every_value_is_a_repr_that_may_hold_several_words() -> None:
    indexes = read(
        "global.index-url='https://mirror.example.invalid/simple'\n"
        "global.extra-index-url='\\nfile:///srv/simple\\nhttps://b.example.invalid/simple'\n"
        "global.find-links='/srv/wheels'\n"
        "global.cert='/etc/corp.pem'\n"
        "global.proxy='http://proxy.example.invalid:3128'\n"
        "global.trusted-host='a.example.invalid b.example.invalid:8443'\n"
        "global.timeout='7'\n"
    )
    assert indexes == Indexes(
        "https://mirror.example.invalid/simple",
        ("file:///srv/simple", "https://b.example.invalid/simple"),
        ("/srv/wheels",),
        cert=Path("/etc/corp.pem"),
        proxy="http://proxy.example.invalid:3128",
        trusted_hosts=("a.example.invalid", "b.example.invalid:8443"),
        timeout=7.0,
        strategy="unsafe-best-match",
        source="pip's configuration (pip config list)",
    )


def test_the_environment_replaces_a_section_and_a_section_the_global_one() -> None:
    listing = (
        ":env:.index-url='https://env.example.invalid'\n"
        "install.find-links='/install'\n"
        "global.index-url='https://global.example.invalid'\n"
        "global.find-links='/global'\n"
    )
    assert read(listing).index_url == "https://env.example.invalid"
    assert read(listing).find_links == ("/install",)


def test_other_commands_sections_do_not_count() -> None:
    assert read("search.index-url='https://search.example.invalid'\n").index_url == DEFAULT


def test_the_extra_index_keeps_the_default_one() -> None:
    assert read("global.extra-index-url='file:///srv/simple'\n").urls == ("file:///srv/simple", DEFAULT)


def test_no_index_leaves_find_links_alone() -> None:
    indexes = read(
        "global.no-index='true'\nglobal.find-links='/srv/wheels'\nglobal.extra-index-url='file:///a'\n"
    )
    assert indexes.urls == ()
    assert indexes.find_links == ("/srv/wheels",)


def test_a_relative_path_is_made_absolute() -> None:
    assert read("global.find-links='wheels'\n").find_links == (str(Path.cwd() / "wheels"),)


def test_where_there_is_no_pip_its_variables_still_count() -> None:
    environ = {"PIP_INDEX_URL": "https://env.example.invalid/simple", "PIP_CERT": "/etc/corp.pem"}
    indexes = read("", environ)
    assert indexes.index_url == "https://env.example.invalid/simple"
    assert indexes.cert == Path("/etc/corp.pem")


def test_a_timeout_that_is_no_number_is_named() -> None:
    with pytest.raises(ConfigError, match="'soon' is not a number of seconds"):
        read("global.timeout='soon'\n")


def test_credentials_are_not_in_the_repr() -> None:
    indexes = read(
        "global.index-url='https://me:secret@mirror.example.invalid'\nglobal.proxy='http://me:secret@p'\n"
    )
    assert "secret" not in repr(indexes)


def test_this_machines_pip_answers() -> None:
    assert isinstance(pip_settings.read(lambda: DEFAULT, os.environ), Indexes)
