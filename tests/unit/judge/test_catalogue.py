from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from airlock.verify.catalogue import DOCUMENTED
from airlock_spec.check.catalogue import BY_CODE, CHECKS, GROUPS, page
from airlock_spec.check.settings_table import CHECK, HOUSE, LIMITS, NETWORK
from typed import typed

if TYPE_CHECKING:
    from airlock_spec.check.checks.check import Check


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_code_says_what_is_found_what_is_not_and_how_to_mend_it(check: Check) -> None:
    text = check.documentation()

    assert re.fullmatch(r"AL\d{3}", check.code)
    assert text.partition("\n")[0].endswith(".")
    assert [word for word in ("Found:", "Not found:", "Mend:") if f"\n{word}" in text] == [
        "Found:",
        "Not found:",
        "Mend:",
    ]
    assert "\n" not in check.title + check.fix
    assert check.code == "AL001" or "In production, " in text


def test_the_codes_are_those_that_were_promised() -> None:
    ends = {1: range(1, 15), 3: range(1, 4), 4: range(1, 5), 5: range(1, 3), 6: range(1, 6)}
    promised = [f"AL{group}{number:02}" for group, numbers in ends.items() for number in numbers]

    assert set(BY_CODE) == {"AL001", *promised, "AL201", "AL202", "AL203", "AL211", "AL212", "AL213"}


def test_what_the_documentation_says_of_settings_can_be_set() -> None:
    text = " ".join(check.documentation() for check in CHECKS)
    keys = set(re.findall(r"\{ ([a-z-]+) = ", text)) | set(re.findall(r"`([a-z-]+) = ", text))

    assert keys >= {"house", "limits", "owner", "tags", "pools", "env", "memory-megabytes"}
    assert keys <= {*CHECK, *NETWORK, *HOUSE, *LIMITS}


def test_the_page_has_every_code_in_a_group() -> None:
    text = page()

    for code in BY_CODE:
        assert f"\n### {code}\n" in text
        assert f"| [{code}](#{code.lower()}) |" in text
    for title in GROUPS.values():
        assert f"\n## {title}\n" in text


def test_explain_shows_the_documentation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "explain", "al201") == 0
    assert BY_CODE["AL201"].documentation() in capsys.readouterr().out


def test_explain_shows_all_that_begin_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "explain", "AL50", "AL501") == 0
    assert re.findall(r"^### (.*)", capsys.readouterr().out, re.MULTILINE) == ["AL501", "AL502"]


def test_explain_lists_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(monkeypatch, "explain") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*BY_CODE, *(one.code for one in DOCUMENTED)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AL204", "perhaps you meant AL203"),
        ("AIR301", "ruff rule AIR301"),
        ("", "is not a code"),
        ("x\x1b", "'X\\x1b'"),
    ],
)
def test_explain_suggests_for_what_is_no_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str, said: str
) -> None:
    assert typed(monkeypatch, "explain", code) == 2
    assert said in capsys.readouterr().err


def test_codes_are_completed() -> None:
    from click.shell_completion import ShellComplete  # noqa: PLC0415

    from airlock.cli import cli  # noqa: PLC0415 - one use

    found = ShellComplete(cli, {}, "airlock", "_AIRLOCK_COMPLETE").get_completions(["explain"], "al11")

    assert [one.value for one in found] == ["AL110", "AL111", "AL112", "AL113", "AL114"]
    assert found[0].help == "duplicate DAG id"
