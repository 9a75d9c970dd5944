"""Which licences a project refuses, and the answers it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from airlock.config import Config
from airlock.errors import ConfigError, LicenseError
from airlock.papers import policy
from airlock.papers.facts import Facts, Licenses
from airlock.papers.inventory import Ecosystem, Package


def config(denied: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> Config:
    return Config(Path("/project"), "x", (), (), "trixie", "", (), denied, known)


def package(name: str, *terms: str) -> Package:
    return Package(Ecosystem.PYTHON, name, "1", f"pkg:pypi/{name}@1", Facts(Licenses(terms, "License")), ())


@pytest.mark.parametrize(
    ("pattern", "terms", "refused"),
    [
        ("AGPL-*", ("MIT", "AGPL-3.0-only"), ["AGPL-3.0-only"]),
        ("agpl-3.0-ONLY", ("AGPL-3.0-only",), ["AGPL-3.0-only"]),
        ("AGPL-*", ("MIT OR AGPL-3.0-only",), []),
        ("GPL-*", ("LGPL-2.1-only", "AGPL-3.0-only"), []),
        ("*BSD*", ("BSD License",), ["BSD License"]),
        ("Unknown", (), ["unknown"]),
        ("MIT", (), []),
        ("GPL-3*", ("GPL-3+ with Bison exception",), ["GPL-3+ with Bison exception"]),
    ],
)
def test_a_pattern_refuses_what_matches_it(pattern: str, terms: tuple[str, ...], refused: list[str]) -> None:
    assert policy.load(config((pattern,))).refused(package("demo", *terms)) == refused


def test_an_answer_stands_for_what_a_package_says() -> None:
    rules = policy.load(config(("BSD*",), ("Demo_Pkg: mit or isc", "gone: MIT")))
    answered = rules.answered(package("demo-pkg", "BSD License"))
    assert answered.licenses == Licenses(("MIT OR ISC",), "pyproject.toml")
    assert rules.refused(answered) == []
    assert rules.answered(package("other", "X")).licenses.terms == ("X",)
    assert rules.idle([answered]) == ["gone"]


def test_answers_that_are_none_are_named_together() -> None:
    with pytest.raises(ConfigError) as caught:
        policy.load(config(known=("demo: My Licence", "no colon", ": MIT", "fine: MIT")))
    assert caught.value.cause.count("\n") == 2
    assert "fine" not in caught.value.cause


def test_a_refusal_names_packages_and_licences() -> None:
    policy.require_accepted([])
    with pytest.raises(LicenseError) as caught:
        policy.require_accepted([(package("demo"), ["AGPL-3.0-only"])])
    assert caught.value.cause == "demo 1: AGPL-3.0-only"
    assert caught.value.exit_code == 24
