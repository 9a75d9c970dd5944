from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.debian import sources
from airlock.errors import ConfigError
from airlock.locks.debian import LockedDeb

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.config import Config

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ROOTS = ("http://mirror.invalid/debian", "http://mirror.invalid/debian-security")


def found(config: Config, **files: str) -> tuple[str, str]:
    """Write apt sources (file name with `_` for `.`) and look for the mirror in them."""
    apt = config.project / "apt"
    (apt / "sources.list.d").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        folder = apt if name == "sources_list" else apt / "sources.list.d"
        (folder / name.replace("_", ".")).write_text(text)
    where = sources.find(config, apt)
    return where.debian, where.security


@pytest.mark.parametrize(
    "setting",
    ["http://mirror.invalid", "http://mirror.invalid/debian", "http://mirror.invalid/debian-security"],
)
def test_the_setting_may_name_the_folder_above_the_archives_or_either_of_them(
    config: Config, setting: str
) -> None:
    where = sources.find(replace(config, debian_mirror=setting))
    assert (where.debian, where.security) == ROOTS
    assert not where.snapshot


def test_a_snapshot_is_told_by_the_moment_at_its_end(config: Config) -> None:
    where = sources.find(replace(config, debian_mirror="https://old.invalid/archive/debian/20260131T000000Z"))
    assert where.security == "https://old.invalid/archive/debian-security/20260131T000000Z"
    assert where.snapshot


@pytest.mark.parametrize("setting", ["mirror.invalid/debian", "file:///srv/debian", "http:///debian"])
def test_a_setting_that_is_no_http_url_is_refused(config: Config, setting: str) -> None:
    with pytest.raises(ConfigError, match="not an http or https URL"):
        sources.find(replace(config, debian_mirror=setting))


def test_deb822_sources_of_another_suite_name_the_mirror(config: Config) -> None:
    stanza = (
        "# comment\nTypes: deb deb-src\nURIs: {}\nSuites: bookworm\nComponents: main\nSigned-By: " + KEYRING
    )
    text = f"{stanza.format(ROOTS[0] + '/')}\n\n{stanza.format('http://security.invalid/debian-security')}\n"
    assert found(config, debian_sources=text) == (ROOTS[0], "http://security.invalid/debian-security")


def test_one_line_sources_are_read_with_options_and_comments(config: Config) -> None:
    text = f"# deb http://no.invalid/debian x main\ndeb [arch=amd64 signed-by={KEYRING}] {ROOTS[0]} trixie main # y\n"
    assert found(config, sources_list=text) == ROOTS


def test_vendors_that_end_in_debian_are_not_the_archive(config: Config) -> None:
    vendors = (
        "deb https://vendor.invalid/linux/debian trixie stable\n"
        "deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.invalid/debian stable main\n"
        "deb-src https://vendor.invalid/debian trixie main\ndeb https://vendor.invalid/apt trixie main\n"
    )
    switched_off = (
        "Types: deb\nEnabled: no\nURIs: http://off.invalid/debian\nSuites: trixie\nComponents: main\n"
    )
    with pytest.raises(ConfigError) as refusal:
        found(config, aaa_list=vendors, off_sources=switched_off)
    assert "AIRLOCK_DEBIAN_MIRROR" in refusal.value.remedy
    assert "debian-mirror" in refusal.value.remedy


def test_the_entry_with_debians_keyring_goes_before_others(config: Config) -> None:
    unnamed = "deb https://vendor.invalid/debian stable main\n"
    own = f"deb [signed-by={KEYRING}] {ROOTS[0]} trixie main\n"
    assert found(config, sources_list=unnamed, debian_list=own) == ROOTS


def test_a_packages_url_is_below_its_archives_root() -> None:
    where = sources.Sources(*ROOTS)
    deb = LockedDeb("a", "1", "linux/amd64", "all", "debian-security", "pool/a_1_all.deb", 1, "0" * 64)
    assert sources.url_of(deb, where) == f"{ROOTS[1]}/pool/a_1_all.deb"


def test_credentials_are_not_shown() -> None:
    assert sources.shown("https://user:secret@mirror.invalid/debian") == "https://mirror.invalid/debian"


def test_no_sources_at_all_is_an_error(config: Config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no Debian mirror is configured"):
        sources.find(config, tmp_path / "nothing")
