"""The table of endpoints: its hosts are those that botocore looks up, and what it says to people."""

from __future__ import annotations

import pytest
from botocore.session import Session

from airlock_spec.endpoints import (
    ADR_001,
    BY_CLIENT,
    BY_SERVICE,
    ENDPOINTS,
    remedy,
    service_of,
    service_of_host,
)
from airlock_spec.services import WITHOUT

# botocore asks S3 in us-east-1 by its global name, and puts the kind of call before MWAA's.
OTHERWISE = {"s3": "s3.amazonaws.com", "mwaa": "airflow.us-east-1.amazonaws.com"}


def test_every_host_is_the_one_that_botocore_looks_up() -> None:
    session = Session()
    found = {
        client: session.create_client(
            client,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",  # noqa: S106
        ).meta.endpoint_url.removeprefix("https://")
        for client in BY_CLIENT
    }

    assert (
        found
        == {
            client: BY_SERVICE[service].at("us-east-1", "123456789012")
            for client, service in BY_CLIENT.items()
        }
        | OTHERWISE
    )


def test_a_client_belongs_to_one_endpoint_and_none_of_those_without_one() -> None:
    clients = [client for endpoint in ENDPOINTS for client in endpoint.clients]

    assert len(clients) == len(set(clients))
    assert not WITHOUT.keys() & {*clients, *BY_SERVICE}


@pytest.mark.parametrize(
    ("client", "service"),
    [
        ("emr", "elasticmapreduce"),
        ("firehose", "kinesis-firehose"),
        ("kinesis", "kinesis-streams"),
        ("sagemaker", "sagemaker.api"),
        ("sagemaker-runtime", "sagemaker.runtime"),
        ("stepfunctions", "states"),
        ("ecr", "ecr.api"),
        ("neptune", "rds"),
        ("ses", "email"),
        ("glacier", "glacier"),
        ("no-such-client", ""),
    ],
)
def test_a_client_leads_to_a_service(client: str, service: str) -> None:
    assert service_of(client) == service


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("ecs.eu-west-1.amazonaws.com", "ecs"),
        ("SQS.us-east-1.amazonaws.com.", "sqs"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "ecr.dkr"),
        ("bucket.s3.eu-west-1.amazonaws.com", "s3"),
        ("bucket.s3.amazonaws.com", "s3"),
        ("s3-eu-west-1.amazonaws.com", "s3"),
        ("db.cluster-abc.eu-west-1.rds.amazonaws.com", ""),
        ("ecs.eu-west-1.amazonaws.com.evil.net", ""),
        ("slack.com", ""),
    ],
)
def test_a_host_leads_to_a_service(host: str, service: str) -> None:
    assert service_of_host(host) == service


def test_a_gateway_costs_nothing_and_an_interface_its_hours_in_each_zone() -> None:
    assert BY_SERVICE["s3"].monthly(3) == BY_SERVICE["dynamodb"].monthly(3) == 0
    assert BY_SERVICE["ecs"].monthly(1) == pytest.approx(7.30)
    assert sum(endpoint.monthly(3) for endpoint in ADR_001) == pytest.approx(131.40)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("ecs", "com.amazonaws.REGION.ecs ($14.60 a month in 2 zones)"),
        ("dynamodb", "com.amazonaws.REGION.dynamodb (a gateway endpoint is free)"),
        ("iam", "com.amazonaws.iam, in us-east-1 alone"),
        ("glacier", "AWS has no VPC endpoint for glacier"),
        ("of-a-later-table", "give the network a way to of-a-later-table"),
    ],
)
def test_what_to_do_where_a_service_has_no_endpoint(service: str, said: str) -> None:
    assert said in remedy(service, zones=2)
