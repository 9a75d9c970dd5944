"""What is looked at, by needs, names of services, buckets; and what must not answer."""

from __future__ import annotations

import pytest

from airlock_spec.endpoint import Need
from airlock_spec.reach.needed import (
    METADATA,
    OUTSIDE,
    buckets,
    forbidden,
    missing,
    of_buckets,
    reasons,
    wanted,
)
from airlock_spec.reach.observed import Kind

REGION, ACCOUNT = "eu-west-1", "123456789012"


def test_needs_and_services_become_hosts_with_their_reasons() -> None:
    needed = reasons({Need.FARGATE: "it is ECS"}, ["sqs", "logs"])
    found = {one.service: one for one in wanted(needed, REGION, ACCOUNT)}

    assert set(found) == {"ecr.api", "ecr.dkr", "logs", "s3", "sqs"}
    assert found["ecr.dkr"].destination == "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert found["logs"].why == "every Fargate task: it is ECS; services"
    assert [one.service for one in found.values() if one.kind is Kind.GATEWAY and one.public] == ["s3"]


def test_a_service_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="services: s4 not known; there are "):
        reasons({}, ["sqs", "s4"])


def test_region_and_account_are_missing_only_where_a_host_has_them() -> None:
    assert missing(reasons({}, ["ecr.dkr"]), "", "") == ["region", "account"]
    assert missing(reasons({}, ["sqs"]), "", "") == ["region"]
    assert missing(reasons({}, ["iam"]), "", "") == []


def test_buckets_are_found_in_any_setting_but_those_whose_names_no_certificate_fits() -> None:
    values = {
        "[logging] remote_base_log_folder": "s3://logs-1/prefix",
        "AIRLOCK_DAGS": '[{"location": "s3://dags"}, "s3://logs-1"]',
        "OTHER": "s3://with.dots/x s3://UPPER https://x.invalid",
    }
    found = buckets(values)

    assert found == {"logs-1": "[logging] remote_base_log_folder", "dags": "AIRLOCK_DAGS"}
    hosts = [one.destination for one in of_buckets(found, "cn-north-1")]
    assert hosts == ["logs-1.s3.cn-north-1.amazonaws.com.cn", "dags.s3.cn-north-1.amazonaws.com.cn"]


def test_what_is_needed_is_not_forbidden() -> None:
    every = {one.destination for one in forbidden([])}
    iam = wanted(reasons({}, ["iam"]), REGION, ACCOUNT)

    assert every == {name for name, _ in (*OUTSIDE, *METADATA)}
    assert every - {one.destination for one in forbidden(iam)} == {"iam.amazonaws.com:443"}
