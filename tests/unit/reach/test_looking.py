"""What is tried of which destination, and how it is told how that ended."""

from __future__ import annotations

import time

import pytest

from airlock_spec.reach.looking import Looking, Wanted
from airlock_spec.reach.network import CertificateError
from airlock_spec.reach.observed import Kind, Outcome, Sight
from fake_network import FakeNetwork, unrouted

NAME, ADDRESS, PUBLIC = "logs.eu-west-1.amazonaws.com", "10.0.1.7", "52.94.0.1"


def look(network: FakeNetwork, destination: str = NAME, kind: Kind = Kind.ENDPOINT) -> Sight:
    wanted = Wanted(destination, public=kind is Kind.GATEWAY, kind=kind)
    return Looking(network).look(wanted)


def test_an_endpoint_is_asked_by_https_and_told_with_its_address() -> None:
    sight = look(FakeNetwork({NAME: [ADDRESS]}, {(ADDRESS, 443): None}))

    assert sight.answered is not None
    assert (sight.answered.address, sight.answered.said) == (ADDRESS, "TLSv1.3, HTTP 403")
    assert (sight.addresses, sight.public, sight.unresolved) == ((ADDRESS,), (), "")


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (TimeoutError("timed out"), Outcome.SILENT),
        (ConnectionRefusedError(111, "Connection refused"), Outcome.REFUSED),
        (unrouted(), Outcome.UNROUTED),
        (CertificateError("its certificate is not trusted"), Outcome.CERTIFICATE),
        (OSError("no TLS: WRONG_VERSION_NUMBER"), Outcome.FAILED),
    ],
)
def test_how_an_attempt_ended_is_told_by_its_error(ending: OSError, outcome: Outcome) -> None:
    (attempt,) = look(FakeNetwork({NAME: [ADDRESS]}, {(ADDRESS, 443): ending})).attempts

    assert attempt.outcome is outcome
    assert attempt.said in str(ending)


def test_an_endpoint_with_one_public_address_is_not_tried() -> None:
    network = FakeNetwork({NAME: [ADDRESS, PUBLIC]}, {(ADDRESS, 443): None})
    sight = look(network)

    assert (sight.public, sight.attempts, network.tried) == ((PUBLIC,), (), [])


def test_a_gateway_endpoint_is_asked_at_its_public_addresses() -> None:
    network = FakeNetwork({NAME: [PUBLIC]}, {(PUBLIC, 443): None})

    assert look(network, kind=Kind.GATEWAY).answered is not None


def test_a_peer_is_only_connected_to() -> None:
    network = FakeNetwork({"db.internal": [ADDRESS]}, {(ADDRESS, 443): None})
    sight = look(network, "db.internal:443", Kind.PEER)

    assert sight.answered is not None
    assert sight.answered.said == "TCP"


def test_an_outside_name_is_tried_at_two_public_addresses_and_no_private_one() -> None:
    network = FakeNetwork({"example.com": [ADDRESS, PUBLIC, "52.94.0.2", "52.94.0.3"]})
    sight = look(network, "example.com:443", Kind.OUTSIDE)

    assert [one.outcome for one in sight.attempts] == [Outcome.SILENT] * 2
    assert network.tried == [(PUBLIC, 443), ("52.94.0.2", 443)]


def test_the_metadata_service_is_tried_at_whatever_address() -> None:
    network = FakeNetwork(answers={("fd00:ec2::254", 80): unrouted()})

    assert look(network, "[fd00:ec2::254]:80", Kind.METADATA).attempts[0].outcome is Outcome.UNROUTED


def test_what_is_no_destination_is_told_and_ends_nothing() -> None:
    sights = Looking(FakeNetwork()).look_at_all([Wanted("a/b"), Wanted("none.invalid")])

    assert "is not a host or host:port" in sights[0].unresolved
    assert sights[1].unresolved == "does not resolve: Name or service not known"


class Slow(FakeNetwork):
    """Every address is waited for, in vain."""

    def ask(self, host: str, address: str, timeout: float) -> str:
        time.sleep(timeout)
        return super().ask(host, address, timeout)


def test_of_many_silent_addresses_those_are_tried_that_there_is_time_for() -> None:
    network = Slow({NAME: [f"10.0.1.{number}" for number in range(8)]})
    (sight,) = Looking(network, timeout=0.5, within=1.4).look_at_all([Wanted(NAME)])

    assert not sight.late
    assert len(sight.attempts) == 2
    assert {one.outcome for one in sight.attempts} == {Outcome.SILENT}
