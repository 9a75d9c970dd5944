"""The probe is started by the first way that works; what it says is facts, or a failure that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.check import probe
from airlock.check.bundle import Bundle
from airlock.errors import CheckError
from airlock.terminal import Terminal
from airlock_spec.check.request import Request
from fake_probe import SILENT, FakeWay, answering

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock_spec.check.facts import Run

QUIET = Terminal(quiet=True)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "one.py").write_text("")
    return Bundle(folder)


def ask(ways: Sequence[FakeWay], bundle: Bundle, terminal: Terminal = QUIET) -> Run:
    return probe.ask(ways, bundle, lambda place: Request(bundle=place), terminal)


def test_the_first_way_that_works_is_taken(bundle: Bundle, tmp_path: Path) -> None:
    no = FakeWay(SILENT, fault="no user namespaces")
    run = ask([no, answering(tmp_path / "log"), FakeWay("raise SystemExit")], bundle)
    assert [file.path for file in run.files] == ["one.py"]
    assert run.isolation.namespace


def test_without_a_sandbox_it_is_said(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    no = FakeWay(SILENT, fault="no user namespaces\nmore")
    run = ask([no, answering(tmp_path / "log", namespace=False)], bundle, Terminal())
    assert not run.isolation.namespace
    assert "filter on system calls alone (no user namespaces)" in capsys.readouterr().err


def test_where_no_way_works_the_error_says_why_for_each(bundle: Bundle) -> None:
    ways = [
        FakeWay(SILENT, fault="no namespaces"),
        FakeWay(SILENT, namespace=False, fault="another processor"),
    ]
    with pytest.raises(CheckError) as caught:
        ask(ways, bundle)
    assert caught.value.cause == "no namespaces\nanother processor"
    assert "--image" in caught.value.remedy


def test_a_probe_that_ends_without_a_word_failed_where_its_sandbox_works(bundle: Bundle) -> None:
    with pytest.raises(CheckError, match="the probe") as caught:
        ask([FakeWay(SILENT)], bundle)
    assert caught.value.cause == "cannot be started"


@pytest.mark.parametrize(
    "script",
    [
        "print('{\"progress\": [1, 2]}'); raise SystemExit('it broke')",
        "print('no JSON')",
        "print('[1]')",
        'print(\'{"run": {"airflow": 3}}\')',
    ],
)
def test_an_answer_that_is_none_is_a_failure(bundle: Bundle, script: str) -> None:
    with pytest.raises(CheckError, match="the probe"):
        ask([FakeWay(script)], bundle)


def test_a_probe_that_prints_much_on_stderr_is_not_held_up(bundle: Bundle, tmp_path: Path) -> None:
    talk = "import sys; sys.stderr.write('x' * (8 << 20))\n" + answering(tmp_path / "log").script
    run = ask([FakeWay(talk)], bundle)
    assert len(run.files) == 1


def test_what_is_to_be_read_before_the_request_comes_first(bundle: Bundle, tmp_path: Path) -> None:
    script = "import sys; assert sys.stdin.readline() == 'first\\n'\n" + answering(tmp_path / "log").script
    run = ask([FakeWay(script, before=b"first\n")], bundle)
    assert len(run.files) == 1


def test_a_probe_that_says_nothing_for_too_long_is_ended(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_SILENCE", 0.3)
    monkeypatch.setattr(probe, "_TRIES", 0)
    with pytest.raises(CheckError) as caught:
        ask([FakeWay("import time; time.sleep(60)")], bundle)
    assert "said nothing for 0 s" in caught.value.cause
