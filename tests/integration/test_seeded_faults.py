"""Each seeded fault is found in infra/'s Terraform, by Terraform itself, offline; and nothing in what has none.

Looks run side by side from the first test on; each test waits for its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeded import FAULTS
from seeded.fault import Fault
from seeded.looking import Looking, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terraform_runs import Terraform

ENOUGH = 40  # faults of all kinds that there are at least


@pytest.fixture(scope="module")
def looking(request: pytest.FixtureRequest, terraform: Terraform) -> Iterator[Looking]:
    """Look at what this run asks for: the first alone, so that the others have what it has learnt."""
    ours = [
        one for one in request.session.items if isinstance(one, pytest.Function) and one.path == request.path
    ]
    given = [one.callspec.params["fault"] for one in ours if hasattr(one, "callspec")]
    asked = [one for one in given if isinstance(one, Fault)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CLI_CONFIG_FILE", str(terraform.settings))
        looks = Looking()
        looks.start(*asked)
        try:
            yield looks
        finally:
            looks.close()


@pytest.mark.parametrize("fault", clean(), ids=str)
def test_nothing_is_found_in_the_example(looking: Looking, fault: Fault) -> None:
    assert [(one.code, one.resource, one.message) for one in looking.found(fault)] == []


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_found_in_terraform(looking: Looking, fault: Fault) -> None:
    assert set(fault.codes) <= {one.code for one in looking.found(fault)}


def test_faults_are_many_and_each_is_told_by_its_name() -> None:
    names = [one.name for one in FAULTS]
    assert len(names) == len(set(names)) >= ENOUGH
    assert all(one.codes for one in FAULTS)
