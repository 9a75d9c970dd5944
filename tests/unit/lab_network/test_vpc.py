"""Which addresses the lab's network has, and what its resolver answers."""

from __future__ import annotations

import ipaddress

import pytest

from airlock.lab.starting import services
from airlock.lab.vpc import INSTANCE, RESOLVER, ROUTER, TASK_ROLE, Vpc, Way, public_address
from airlock_spec.endpoints import ADR_001, BY_SERVICE, ENDPOINTS

ADR = tuple(one.service for one in ADR_001)
VPC = Vpc("us-east-1", ADR)
SILENT = [ipaddress.ip_network(one) for one in ("203.0.113.0/24", "192.0.2.0/24")]


@pytest.mark.parametrize("service", [one for one in ADR if not BY_SERVICE[one].gateway])
def test_the_name_of_an_interface_endpoint_leads_to_a_private_address(service: str) -> None:
    found = VPC.answer(BY_SERVICE[service].at("us-east-1", "123456789012"))

    assert (found.way, found.service) == (Way.ENDPOINT, service)
    assert ipaddress.ip_address(found.address) in ipaddress.ip_network("10.20.0.0/16")


@pytest.mark.parametrize(
    "name",
    [
        "s3.us-east-1.amazonaws.com",
        "bucket.s3.us-east-1.amazonaws.com",
        "s3.amazonaws.com",
        "bucket.s3.amazonaws.com",
        "BUCKET.S3.us-east-1.amazonaws.com.",
        "a.bucket.with.dots.s3.us-east-1.amazonaws.com",
    ],
)
def test_every_name_of_s3_leads_to_the_gateways_public_address(name: str) -> None:
    found = VPC.answer(name)

    assert (found.way, found.address) == (Way.GATEWAY, "198.51.100.10")


@pytest.mark.parametrize("name", ["s3.amazonaws.com", "bucket.s3.amazonaws.com"])
def test_names_of_s3_without_a_region_are_another_regions(name: str) -> None:
    assert Vpc("eu-west-1", ADR).answer(name).way == Way.MISSING


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("ecs.us-east-1.amazonaws.com", "ecs"),
        ("logs.eu-west-1.amazonaws.com", "logs"),
        ("s3.eu-west-1.amazonaws.com", "s3"),
        ("iam.amazonaws.com", "iam"),
    ],
)
def test_a_service_without_an_endpoint_has_a_public_address_that_nobody_answers_at(
    name: str, service: str
) -> None:
    found = VPC.answer(name)

    assert (found.way, found.service) == (Way.MISSING, service)
    assert any(ipaddress.ip_address(found.address) in one for one in SILENT)
    assert found.address not in VPC.addresses


def test_a_registry_has_a_name_of_one_label_before_its_endpoints() -> None:
    assert VPC.answer("123456789012.dkr.ecr.us-east-1.amazonaws.com").way == Way.ENDPOINT
    assert VPC.answer("a.b.dkr.ecr.us-east-1.amazonaws.com").way != Way.ENDPOINT


def test_public_names_have_public_addresses() -> None:
    found = VPC.answer("example.com")

    assert found.way == Way.OUTSIDE
    assert found.address == public_address("example.com") == VPC.answer("EXAMPLE.com.").address


@pytest.mark.parametrize("name", ["airlock", "ip-10-0-0-1.ec2.internal", "9.9.9.9.in-addr.arpa", "a.invalid"])
def test_names_that_the_internet_has_not_do_not_exist(name: str) -> None:
    assert VPC.answer(name).way == Way.NOWHERE
    assert VPC.answer(name).address == ""


def test_no_two_endpoints_of_all_share_an_address() -> None:
    whole = Vpc("us-east-1", tuple(one.service for one in ENDPOINTS))

    assert len(set(whole.addresses)) == len(whole.addresses) == len(ENDPOINTS) + 3


def test_an_endpoint_of_one_region_is_there_in_no_other() -> None:
    assert Vpc("us-east-1", ("iam",)).answer("iam.amazonaws.com").way == Way.ENDPOINT
    assert Vpc("eu-west-1", ("iam",)).answer("iam.amazonaws.com").way == Way.MISSING


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("10.20.2.10", Way.ENDPOINT),
        ("198.51.100.10", Way.GATEWAY),
        (TASK_ROLE, Way.TASK_ROLE),
        (INSTANCE, Way.INSTANCE),
        (RESOLVER, Way.RESOLVER),
        (ROUTER, Way.ROUTER),
        ("8.8.8.8", Way.OUTSIDE),
    ],
)
def test_it_is_known_what_is_at_an_address(address: str, way: Way) -> None:
    assert VPC.at(address).way == way


def test_the_instances_metadata_are_nobodys_address() -> None:
    assert INSTANCE not in VPC.addresses
    assert {ROUTER, RESOLVER, TASK_ROLE} < set(VPC.addresses)


def test_endpoints_are_those_of_the_project_or_of_the_decision() -> None:
    assert services(None) == ADR
    assert services(("s3", "logs")) == ("s3", "logs")
    assert services(("s3", "logs"), ("ecs", "s3"), ("logs",)) == ("s3", "ecs")
