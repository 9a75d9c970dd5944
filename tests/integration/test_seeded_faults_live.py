"""Each seeded fault that moto can hold is found in the account: a copy of the applied example, spoilt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import moto_aws
from seeded import FAULTS
from seeded.deployed import Deployed
from seeded.live import NOT_LIVE, SPOILED
from seeded.looking import judged, read_account

if TYPE_CHECKING:
    from seeded.fault import Fault
    from terraform_runs import Deployment

LIVE = [one for one in FAULTS if one.name in SPOILED]
OF_THE_TEST = {"AL835"}  # terraform_runs.WHOLE can be deleted
ENOUGH = 40


@pytest.fixture(scope="module")
def before(applied_example: Deployment) -> set[tuple[str, str]]:
    """What is found before anything is spoilt, by code and resource."""
    found = judged(read_account(applied_example.url, applied_example.outputs))
    return {(one.code, one.resource) for one in found}


def test_nothing_is_found_in_what_terraform_has_made(before: set[tuple[str, str]]) -> None:
    assert {code for code, _ in before} == OF_THE_TEST


@pytest.mark.parametrize("fault", LIVE, ids=str)
def test_a_fault_is_found_in_the_account(
    applied_example: Deployment, before: set[tuple[str, str]], fault: Fault
) -> None:
    with moto_aws.copied(applied_example.url) as url:
        SPOILED[fault.name](Deployed(url, applied_example.outputs))
        found = judged(read_account(url, applied_example.outputs))
    new = {one.code for one in found if (one.code, one.resource) not in before}
    assert set(fault.codes) <= new


def test_every_fault_is_spoilt_live_or_says_why_not() -> None:
    assert {one.name for one in FAULTS} == {*SPOILED, *NOT_LIVE}
    assert not set(SPOILED) & set(NOT_LIVE)
    assert len(SPOILED) >= ENOUGH


def test_a_copy_is_spoilt_alone(applied_example: Deployment) -> None:
    with moto_aws.copied(applied_example.url) as url:
        SPOILED["no flow logs"](Deployed(url, applied_example.outputs))
        assert not Deployed(url, {}).ec2.describe_flow_logs()["FlowLogs"]
    assert Deployed(applied_example.url, {}).ec2.describe_flow_logs()["FlowLogs"]
