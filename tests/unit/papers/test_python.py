"""What a distribution's METADATA says, and what is made of it where it says it badly."""

from __future__ import annotations

import pytest

from airlock.errors import UnsafeArchiveError
from airlock.papers import python
from airlock.papers.facts import Clarity, Facts, Licenses
from archives import make_wheel

HEAD = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
BSD = "Classifier: License :: OSI Approved :: BSD License\n"
MIT = "Classifier: License :: OSI Approved :: MIT License\n"
APACHE = "Classifier: License :: OSI Approved :: Apache Software License\n"


def licenses(fields: str, *files: str) -> Licenses:
    return python.of_metadata(f"{HEAD}{fields}\nThe long description.\n".encode(), files).licenses


@pytest.mark.parametrize(
    ("fields", "terms", "origin"),
    [
        ("License-Expression: mit or apache-2.0\n" + BSD, ("MIT OR Apache-2.0",), "License-Expression"),
        (MIT + "License: something else\n", ("MIT",), "Classifier"),
        (BSD + "License: BSD-3-Clause\n", ("BSD-3-Clause",), "License"),
        (
            BSD + "License: Copyright 2010 me\n        \n        Redistribution …\n",
            ("BSD License",),
            "Classifier",
        ),
        ("Classifier: License :: OSI Approved\nLicense: ISC\n", ("ISC",), "License"),
        (MIT + APACHE + "License: MIT OR Apache-2.0\n", ("MIT OR Apache-2.0",), "License"),
        (MIT + APACHE + "License: MIT\n", ("Apache Software License", "MIT"), "Classifier"),
        ("License: My own\n        license\n", ("My own",), "License"),
        ("License-Expression: not one\nLicense: MIT\n", ("MIT",), "License"),
    ],
)
def test_the_first_that_is_certain_wins_and_else_the_first_name(
    fields: str, terms: tuple[str, ...], origin: str
) -> None:
    assert licenses(fields) == Licenses(terms, origin)


def test_the_only_licence_file_may_tell_by_its_name_and_is_else_the_one_to_read() -> None:
    told = licenses("", "demo-1.0.dist-info/licenses/LICENSE-MIT", "demo/LICENSE-ISC")
    assert told == Licenses(("MIT",), "LICENSE-MIT")
    several = licenses("", "demo-1.0.dist-info/LICENSE-MIT", "demo-1.0.dist-info/LICENSE-APACHE")
    assert several == Licenses((), "LICENSE-APACHE, LICENSE-MIT")
    to_read = licenses("License: UNKNOWN\n", "demo-1.0.dist-info/LICENSE.txt", "demo-1.0.dist-info/COPYING")
    assert to_read == Licenses((), "COPYING, LICENSE.txt")
    assert to_read.clarity is Clarity.UNKNOWN


def test_a_package_that_says_nothing_is_unknown() -> None:
    assert (licenses("").clarity, str(licenses(""))) == (Clarity.UNKNOWN, "unknown")


def test_metadata_that_is_not_utf_8_is_read_as_far_as_it_is() -> None:
    facts = python.of_metadata(
        HEAD.encode() + b"Summary: caf\xe9 \x1b[31m\nLicense: MIT\nAuthor: J\xf6rg\n\n"
    )
    assert facts.licenses.terms == ("MIT",)
    assert facts.summary == "caf\N{REPLACEMENT CHARACTER} \\x1b[31m"
    assert facts.supplier == "J\N{REPLACEMENT CHARACTER}rg"


def test_requirements_and_a_web_page_are_taken_and_no_other_kind_of_address() -> None:
    fields = "Requires-Dist: other>=1;\n  extra == 'x'\nProject-URL: Home Page, https://example.org/x\n"
    facts = python.of_metadata((HEAD + fields).encode())
    assert facts.requires == ("other>=1; extra == 'x'",)
    assert facts.homepage == "https://example.org/x"
    for url in ("javascript:alert(1)", "https://a b", "file:///etc/passwd"):
        assert python.of_metadata(f"{HEAD}Home-page: {url}\n".encode()).homepage == ""


def test_a_wheel_is_read_without_being_installed() -> None:
    wheel = make_wheel({"demo.py": ""}, metadata="License: MIT\nSummary: x\n")
    facts = python.of_wheel("demo-1.0-py3-none-any.whl", wheel)
    assert facts == Facts(Licenses(("MIT",), "License"), summary="x")


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 cut short", make_wheel({"other-1.dist-info/METADATA": ""})],
    ids=["empty", "cut", "two METADATA"],
)
def test_what_is_no_wheel_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(UnsafeArchiveError, match=r"demo\.whl is not a wheel with metadata"):
        python.of_wheel("demo.whl", content)


def test_facts_survive_the_cache() -> None:
    facts = python.of_metadata(f"{HEAD}{MIT}Requires-Dist: a\nSummary: s\nAuthor: me\n".encode())
    assert Facts.from_json(facts.to_json()) == facts
