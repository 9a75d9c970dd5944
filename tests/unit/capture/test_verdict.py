"""What was heard is told by names, and compared with what is allowed."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network

from capture.frames import Attempt
from capture.heard import Heard
from capture.verdict import named, outside, table
from capture.watching import Watch, Witness
from networks import Network

DATABASE, SCHEDULER = "172.18.0.2", "172.18.0.3"
NAMES = {"d" * 64: "postgres", "a" * 64: "scheduler"}


def watch(scheduler: dict[Attempt, int], bridge: dict[tuple[str, Attempt], int] | None = None) -> Watch:
    heard = Heard(Counter({(SCHEDULER, attempt): count for attempt, count in scheduler.items()}))
    found = Watch(Network("inside", "br-0", IPv4Network("172.18.0.0/16")))
    found.witnesses += [
        Witness("d" * 64, DATABASE, from_the_start=True, heard=Heard()),
        Witness("a" * 64, SCHEDULER, from_the_start=True, heard=heard),
    ]
    found.at_bridge.attempts.update(bridge or {})
    return found


def test_addresses_of_containers_are_told_by_their_names() -> None:
    found = named(watch({Attempt("tcp", DATABASE, 5432): 3}), NAMES)

    assert found == {("scheduler", "tcp postgres:5432"): 3}


def test_the_host_name_of_a_container_is_told_by_its_name_too() -> None:
    found = named(watch({Attempt("dns", f"{'d' * 12} A"): 1, Attempt("dns", "db A"): 1}), NAMES)

    assert found == {("scheduler", "dns postgres A"): 1, ("scheduler", "dns db A"): 1}


def test_arp_tells_something_only_where_nothing_else_was_heard() -> None:
    stranger, known = Attempt("arp", "172.18.0.77"), Attempt("arp", DATABASE)
    found = named(watch({stranger: 1, known: 2}), NAMES)

    assert found == {("scheduler", "arp 172.18.0.77"): 1}


def test_what_the_bridge_alone_saw_is_told_so() -> None:
    imds = Attempt("tcp", "169.254.169.254", 80)
    found = named(watch({}, {(SCHEDULER, imds): 1, ("172.18.0.9", imds): 2}), NAMES)

    assert found == {
        ("scheduler, at the bridge alone", "tcp 169.254.169.254:80"): 1,
        ("172.18.0.9, at the bridge alone", "tcp 169.254.169.254:80"): 2,
    }


def test_what_both_witnesses_saw_counts_once() -> None:
    attempt = Attempt("tcp", DATABASE, 5432)

    assert named(watch({attempt: 1}, {(SCHEDULER, attempt): 1}), NAMES).total() == 1


def test_patterns_allow_by_container_and_for_all() -> None:
    found = Counter(
        {
            ("scheduler", "tcp postgres:5432"): 1,
            ("scheduler", "dns logs.us-east-1.amazonaws.com A"): 1,
            ("scheduler", "tcp valkey:6379"): 1,
            ("triggerer", "tcp valkey:6379"): 1,
        }
    )
    allowed = {
        "*": ["tcp postgres:5432", "dns *.us-east-1.amazonaws.com *"],
        "scheduler": ["tcp valkey:6379"],
    }

    assert outside(found, allowed) == {("triggerer", "tcp valkey:6379"): 1}


def test_the_table_lists_container_attempt_and_count() -> None:
    assert table(Counter({("worker", "tcp aws:443"): 12, ("a", "dns aws A"): 1})).splitlines() == [
        "container  tried        times",
        "a          dns aws A        1",
        "worker     tcp aws:443     12",
    ]
