"""A licence gets an SPDX name only where that is certain."""

from __future__ import annotations

import pytest

from airlock.papers import spdx


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("mit", "MIT"),
        ("apache-2.0 or mit", "Apache-2.0 OR MIT"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("LicenseRef-Proprietary", "LicenseRef-Proprietary"),
    ],
)
def test_an_expression_is_given_in_its_canonical_spelling(text: str, expression: str) -> None:
    assert spdx.expression(text) == expression


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "BSD License",
            "MIT OR",
            "a(b",
            "public-domain",
            "UNKNOWN",
            "MIT/X11",
            "MIT AND AND ISC",
            "MIT WITH MIT",
        ),
        "(" * 5000 + "MIT" + ")" * 5000,
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_expression_is_none(text: str) -> None:
    assert spdx.expression(text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The MIT License (MIT)", "MIT"),
        ("3-Clause BSD License", "BSD-3-Clause"),
        ("BSD", None),
        ("Apache Software License", None),
        ("MIT -or- Apache License 2.0", None),
    ],
)
def test_a_name_that_could_mean_several_licences_means_none(text: str, meant: str | None) -> None:
    assert spdx.named(text) == meant


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Expat", ["MIT"]),
        ("GPL-2", ["GPL-2.0-only"]),
        ("LGPL-2.1+", ["LGPL-2.1-or-later"]),
        ("GFDL-NIV-1.3+", ["GFDL-1.3-no-invariants-or-later"]),
        ("BSD-3-clause and DEC and ISC", ["BSD-3-Clause", "DEC", "ISC"]),
        ("Expat or GPL-2+", ["MIT OR GPL-2.0-or-later"]),
        ("GPL-2+ or Mystery", ["GPL-2+ or Mystery"]),
        ("GPL-2+ or Expat and ISC", ["GPL-2.0-or-later OR (MIT AND ISC)"]),
        ("GPL-2+ or Expat, and ISC", ["GPL-2.0-or-later OR MIT", "ISC"]),
        ("perl and Expat, or BSD-3-clause", ["perl and Expat, or BSD-3-clause"]),
        ("ISC or perl", ["ISC OR (Artistic-1.0 OR GPL-1.0-or-later)"]),
        ("GPL-2+ with OpenSSL exception", ["GPL-2+ with OpenSSL exception"]),
    ],
)
def test_debian_s_short_names_are_read_and_all_that_apply_are_told_apart(text: str, terms: list[str]) -> None:
    assert spdx.debian(text) == terms


def test_terms_that_all_apply_are_one_expression() -> None:
    assert spdx.all_of(["MIT", "GPL-2.0-only OR ISC"]) == "MIT AND (GPL-2.0-only OR ISC)"
    assert spdx.all_of(["MIT", "public-domain"]) is None
    assert spdx.all_of([]) is None


def test_a_name_is_one_short_line_that_cannot_command_a_terminal() -> None:
    assert spdx.name("\n  Mine\x1b[31m  own \nCopyright …\n") == "Mine\\x1b[31m own"
    assert spdx.name("x" * 500) == "x" * 79 + "…"
    assert spdx.name("\n \n") == ""


@pytest.mark.parametrize(
    ("term", "refused"),
    [
        ("GPL-3.0-only", True),
        ("MIT OR GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", True),
        ("MIT OR (ISC AND GPL-3.0-only)", False),
        ("GPL-2.0-only OR GPL-3.0-only", True),
        ("GPL-3.0-only WITH GCC-exception-3.1", True),
        ("GPL with odd exception", True),
        ("not GPL at all", False),
    ],
)
def test_a_choice_is_refused_only_where_every_choice_is(term: str, refused: bool) -> None:  # noqa: FBT001
    assert spdx.must_accept(term, lambda name: name.startswith("GPL")) is refused
