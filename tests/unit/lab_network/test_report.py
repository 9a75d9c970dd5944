"""What was tried, put together."""

from __future__ import annotations

import json

from airlock.lab import dns
from airlock.lab.dns import Question
from airlock.lab.packets import Attempt
from airlock.lab.report import Record, Report
from airlock.lab.vpc import RESOLVER, TASK_ROLE, Vpc, Way, public_address

VPC = Vpc("us-east-1", ("logs", "s3"))
ECS = "ecs.us-east-1.amazonaws.com"


def ask(record: Record, name: str, *kinds: int) -> None:
    for kind in kinds:
        record.asked(Question(1, recursive=True, name=name, kind=kind, section=b""))


def connect(record: Record, address: str, port: int = 443, key: bytes = b"1", protocol: str = "tcp") -> None:
    record.tried(Attempt(protocol, address, port, key))


def made() -> Report:
    record = Record(VPC)
    ask(record, "logs.us-east-1.amazonaws.com", dns.A, dns.AAAA)
    ask(record, ECS, dns.A, dns.AAAA, dns.A, dns.AAAA)
    ask(record, "example.com", dns.A)
    connect(record, "10.20.2.10")
    connect(record, public_address(ECS), key=b"1")
    connect(record, public_address(ECS), key=b"1")
    connect(record, public_address(ECS), key=b"2")
    connect(record, "8.8.8.8", 53, protocol="udp")
    connect(record, TASK_ROLE, 80)
    connect(record, RESOLVER, 53, protocol="udp")
    return record.report()


def test_names_are_counted_and_told_where_they_lead() -> None:
    found = {one.name: (one.way, one.service, one.times) for one in made().names}

    assert found == {
        "logs.us-east-1.amazonaws.com": (Way.ENDPOINT, "logs", 1),
        ECS: (Way.MISSING, "ecs", 2),
        "example.com": (Way.OUTSIDE, "", 1),
    }


def test_addresses_are_told_by_what_led_there_and_packets_sent_again_count_once() -> None:
    found = {
        (one.protocol, one.address, one.port): (one.way, one.service, one.times) for one in made().addresses
    }

    assert found == {
        ("tcp", "10.20.2.10", 443): (Way.ENDPOINT, "logs", 1),
        ("tcp", public_address(ECS), 443): (Way.MISSING, "ecs", 2),
        ("udp", "8.8.8.8", 53): (Way.OUTSIDE, "", 1),
        ("tcp", TASK_ROLE, 80): (Way.TASK_ROLE, "", 1),
    }


def test_services_that_lack_an_endpoint_are_named() -> None:
    assert made().missing == ["ecs"]


def test_a_report_is_read_as_it_was_written() -> None:
    assert Report.of(json.loads(json.dumps(made().document()))) == made()


def test_people_are_shown_two_tables() -> None:
    text = made().text()

    assert f"{ECS}   no endpoint: swallowed (ecs)" in text
    assert "udp 8.8.8.8:53" in text
    assert Report().text() == "no name was asked for, and no address was tried"


def test_an_address_of_two_names_is_told_as_outside_unless_both_lack_an_endpoint() -> None:
    record = Record(VPC)
    other = next(
        name
        for name in (f"n{i}.example.org" for i in range(5000))
        if public_address(name) == public_address(ECS)
    )
    ask(record, ECS, dns.A)
    ask(record, other, dns.A)
    connect(record, public_address(ECS))

    (found,) = record.report().addresses

    assert (found.way, found.names) == (Way.OUTSIDE, tuple(sorted((ECS, other))))


def test_a_connection_to_the_resolver_is_told_as_questions_to_it_are_not() -> None:
    record = Record(VPC)
    connect(record, RESOLVER, 53, protocol="udp")
    connect(record, RESOLVER, 53)

    assert [(one.protocol, one.way) for one in record.report().addresses] == [("tcp", Way.RESOLVER)]


def test_what_was_missed_is_told() -> None:
    found = Record(VPC).report(missed=7)

    assert Report.of(json.loads(json.dumps(found.document()))).missed == 7
    assert found.text() == "7 packets came too fast to be taken down: addresses may be missing here"


def test_a_name_with_a_line_of_its_own_forges_no_row() -> None:
    record = Record(VPC)
    ask(record, "a\nexample.org  endpoint\x1b[2J", dns.A)

    assert len(record.report().text().splitlines()) == 2
    assert "\x1b" not in record.report().text()
