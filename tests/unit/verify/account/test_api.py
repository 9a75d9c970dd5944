"""Calls: every page, each once, and no service in vain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from airlock import aws as connecting
from airlock.errors import AwsError
from airlock.verify.account import calls
from airlock.verify.account.api import Api
from shaped_aws import DEPLOYED, ShapedAws

if TYPE_CHECKING:
    from airlock.aws import Asking
    from airlock.aws_failures import Service


@pytest.mark.usefixtures("aws")
def test_every_page_is_read() -> None:
    logs = boto3.client("logs")
    names = [f"/airflow/{number:03}" for number in range(60)]  # a page has 50
    for name in names:
        logs.create_log_group(logGroupName=name)
    api = Api(connecting.Connector("a test"))
    found = api.all(calls.LOG_GROUPS, "/airflow", logGroupNamePrefix="/airflow")
    assert [one["logGroupName"] for one in found] == names


@pytest.mark.usefixtures("aws_keys")
def test_the_same_is_asked_once_also_by_several_threads() -> None:
    world = ShapedAws(DEPLOYED)
    api = Api(world)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: api.all(calls.FLOW_LOGS), range(20)))
    assert all(one == told[0] for one in told)
    assert world.called == [("ec2", "describe_flow_logs")]


@pytest.mark.usefixtures("aws_keys")
def test_another_request_of_the_same_call_is_another() -> None:
    world = ShapedAws(DEPLOYED)
    api = Api(world)
    for name in ("one", "other"):
        api.one(calls.ROLE, name, RoleName=name)
    assert len(world.called) == 2


@pytest.mark.usefixtures("aws_keys")
def test_a_service_is_connected_to_once() -> None:
    made: list[str] = []
    world = ShapedAws(DEPLOYED)

    def connect(service: Service) -> Asking[Any]:
        made.append(service.name)
        return world(service)

    api = Api(connect)
    api.all(calls.VPCS, VpcIds=["vpc-1"])
    api.all(calls.FLOW_LOGS)
    assert made == ["ec2"]


@pytest.mark.usefixtures("aws_keys")
def test_a_refusal_is_of_one_call_and_silence_of_the_whole_service() -> None:
    refusing = ShapedAws(DEPLOYED, {"describe_vpcs": "UnauthorizedOperation"})
    api = Api(refusing)
    with pytest.raises(AwsError, match="cannot read VPCs") as raised:
        api.all(calls.VPCS)
    assert "airlock verify --live --policy" in raised.value.remedy
    assert api.all(calls.FLOW_LOGS)
    silent = ShapedAws(DEPLOYED, silent={"ec2"})
    api = Api(silent)
    for call in (calls.VPCS, calls.FLOW_LOGS):
        with pytest.raises(AwsError, match="EC2 does not answer"):
            api.all(call)
    assert len(silent.called) == 1
