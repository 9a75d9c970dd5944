"""What pip-compile prints, read."""

from __future__ import annotations

import pytest

from airlock.witness.pip_compile import explanation, parse

REASONS = """\
WARNING:pip._internal.cli.index_command:Disabling truststore since ssl support is missing
  ERROR: Cannot install app 1.0 and base because these package versions have conflicting dependencies.
"""
IMPOSSIBLE = """\
Traceback (most recent call last):
  File "/tools/pip/resolver.py", line 103, in resolve
pip._vendor.resolvelib.resolvers.exceptions.ResolutionImpossible: [RequirementInformation(requirement=x)]

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/tools/pip/resolver.py", line 112, in resolve
"""


def test_pins_are_read_under_their_normalized_names() -> None:
    text = "app==1.0\nZope.Event==5.0\nlocal==1.0+cu12\n# via app\nmarked==2 ; python_version > '3'\n"
    assert parse(text) == {"app": "1.0", "zope-event": "5.0", "local": "1.0+cu12", "marked": "2"}


def test_a_conflict_is_told_in_pips_words_without_its_traceback_and_advice() -> None:
    said = (
        REASONS
        + IMPOSSIBLE
        + "pip._internal.exceptions.DistributionNotFound: ResolutionImpossible: for help visit x"
    )
    assert explanation(said) == (
        "Cannot install app 1.0 and base because these package versions have conflicting dependencies."
    )


def test_pips_conclusion_is_kept_where_it_says_more() -> None:
    said = (
        IMPOSSIBLE
        + "pip._internal.exceptions.UnsupportedPythonVersion: Package 'app' requires a different Python\n"
    )
    assert explanation(said) == "Package 'app' requires a different Python"
    said = IMPOSSIBLE + "pip._internal.exceptions.wheel.InvalidWheel: Wheel 'app' is invalid.\n"
    assert explanation(said) == "Wheel 'app' is invalid."


@pytest.mark.parametrize(
    "said",
    ["", "Usage: pip-compile\nNo such option: --x", IMPOSSIBLE + "MemoryError\n", REASONS],
    ids=["silence", "misuse", "a crash", "no traceback"],
)
def test_what_is_no_conflict_of_versions_is_not_taken_for_one(said: str) -> None:
    assert explanation(said) == ""
