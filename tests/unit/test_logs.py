"""Log streams through boto3, against moto, and pages that moto does not make."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from airlock import logs
from airlock.aws import Asking
from airlock.errors import AwsError
from airlock.logs import CloudWatch

GROUP, STREAM, REGION = "/airflow", "airflow/airflow/0123", "eu-west-1"


def test_a_stream_is_read_from_its_first_line_and_one_that_is_not_there_has_none(aws: None) -> None:
    client = boto3.client("logs", region_name=REGION)
    client.create_log_group(logGroupName=GROUP)
    reading = CloudWatch()
    assert reading.lines(GROUP, STREAM, REGION) == []

    client.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    now = int(time.time()) * 1000
    events: list[Any] = [{"timestamp": now + number, "message": f"line {number}"} for number in range(3)]
    client.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)
    assert reading.lines(GROUP, STREAM, REGION) == ["line 0", "line 1", "line 2"]
    assert reading.lines("/none", STREAM, REGION) == []


class Pages:
    """A client that gives empty pages between full ones, as CloudWatch does, and the last token again."""

    meta = SimpleNamespace(endpoint_url="https://logs.invalid", region_name=REGION)

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        number = int(request.get("nextToken", 0))
        events = [{"message": f"line {number}"}] if number % 2 == 0 else []
        return {"events": events if number < 4 else [], "nextForwardToken": str(min(number + 1, 4))}


def reading_of(client: object) -> CloudWatch:
    reading = CloudWatch()
    reading._asking[REGION] = Asking(logs.SERVICE, cast("Any", client), 5)
    return reading


def test_every_page_is_read_until_the_token_stays() -> None:
    assert reading_of(Pages()).lines(GROUP, STREAM, REGION) == ["line 0", "line 2"]


class Refusing(Pages):
    def get_log_events(self, **request: Any) -> dict[str, Any]:
        del request
        told: Any = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise ClientError(told, "GetLogEvents")


def test_a_refusal_names_the_permission() -> None:
    with pytest.raises(AwsError) as caught:
        reading_of(Refusing()).lines(GROUP, STREAM, REGION)
    assert "logs:GetLogEvents" in caught.value.remedy
