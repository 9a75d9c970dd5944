"""What is written for a mocked run, and what its events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.terraform import modules, tested
from airlock.verify.terraform.tested import APPLY, PLAN

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = {
    "address": 'module.storage.aws_s3_bucket.this["dags"]',
    "module_address": "module.storage",
    "type": "aws_s3_bucket",
    "name": "this",
    "index": "dags",
}
ERROR = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no"}}


def _plan(unknown: Any) -> dict[str, Any]:
    change = {"actions": ["create"], "after": {"bucket": "airflow-dags"}, "after_unknown": unknown}
    return {
        "type": "test_plan",
        "test_plan": {"resource_changes": [{**BUCKET, "change": change}], "provider_schemas": {}},
    }


def test_a_plan_tells_each_resource_with_its_module_and_key() -> None:
    told = tested.planned([{"type": "version"}, _plan({"versioning": [], "rule": [{"id": False}]})])
    assert told is not None
    [bucket] = told.state
    assert (bucket.address, bucket.module, bucket.index) == (BUCKET["address"], "module.storage", "dags")
    assert (bucket.text("bucket"), bucket.data) == ("airflow-dags", False)


@pytest.mark.parametrize("unknown", [{"arn": True}, {"rule": [{"id": True}]}, {"rule": [False, True]}])
def test_a_plan_that_leaves_a_value_unknown_tells_nothing(unknown: Any) -> None:
    assert tested.planned([_plan(unknown)]) is None


def test_a_plan_that_failed_tells_nothing() -> None:
    assert tested.planned([ERROR, _plan({})]) is None
    assert tested.planned([]) is None


def test_an_apply_tells_its_state() -> None:
    values = {"resources": [{**BUCKET, "values": {"bucket": "airflow-dags"}}]}
    told = tested.applied(
        [{"type": "test_state", "test_state": {"root_module": values, "provider_schemas": {}}}]
    )
    assert told is not None
    assert [one.address for one in told.state] == [BUCKET["address"]]
    assert tested.applied([ERROR]) is None


def test_in_a_plan_every_mock_answers_at_once_also_those_without_defaults(tmp_path: Path) -> None:
    text = (
        'provider "aws" {\n  alias = "east"\n}\nresource "aws_iam_role" "r" {}\nresource "aws_rare" "r" {}\n'
    )
    (tmp_path / "main.tf").write_text(text + 'resource "random_id" "r" {}\n')
    found = modules.read(tmp_path, tmp_path)
    aws, east, random = tested.providers(found, "./mocks", PLAN)
    assert 'alias = "east"' in east
    for one in (aws, east):
        assert "override_during = plan" in one
        assert 'mock_resource "aws_rare"' in one
        assert 'mock_resource "aws_iam_role"' not in one  # the mocks' own would be lost
    assert 'mock_resource "random_id"' in random
    assert "./mocks" not in random
    assert not any("plan" in one for one in tested.providers(found, "./mocks", APPLY))


def test_overrides_answer_at_once_in_a_plan_alone() -> None:
    block = "override_resource {\n  target = aws_iam_role.r\n}\n"
    assert PLAN.overrides([block]) == [block.replace("{\n", "{\n  override_during = plan\n", 1)]
    assert APPLY.overrides([block]) == [block]
