"""Each kind of finding: what is seen for it, and what is right and not told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airlock_spec.check.finding import Finding, Severity
from airlock_spec.reach.observed import Attempt, Kind, Observed, Outcome, Sight
from airlock_spec.reach.rules import RULES, findings

NAME = "sqs.eu-west-1.amazonaws.com"
PRIVATE, PUBLIC = "10.0.1.7", "52.94.0.1"
YES = Attempt(PRIVATE, Outcome.ANSWERED, "TLSv1.3, HTTP 403", 0.02)
NO = Attempt(PRIVATE, Outcome.SILENT, "timed out", 5.0)
ENDPOINT = Sight(NAME, Kind.ENDPOINT, "Celery over SQS", "sqs", (PRIVATE,), attempts=(YES,))
GATEWAY = Sight(
    "s3.eu-west-1.amazonaws.com", Kind.GATEWAY, service="s3", addresses=(PUBLIC,), public=(PUBLIC,)
)
PEER = Sight(
    "db.internal:5432", Kind.PEER, "[database] sql_alchemy_conn", addresses=(PRIVATE,), attempts=(YES,)
)
OUTSIDE = Sight(
    "example.com:443", Kind.OUTSIDE, "a name of the internet", addresses=(PUBLIC,), public=(PUBLIC,)
)
METADATA = Sight("169.254.169.254:80", Kind.METADATA, addresses=("169.254.169.254",), attempts=(NO,))


def found(*sights: Sight, **more: Any) -> tuple[Finding, ...]:
    return findings(Observed(sights, task="airflow-scheduler", region="eu-west-1", **more))


def only(*sights: Sight) -> Finding:
    (one,) = found(*sights)
    return one


def test_nothing_is_found_where_all_is_as_it_should_be() -> None:
    gateway = replace(GATEWAY, attempts=(replace(YES, address=PUBLIC),))
    outside = Sight("1.1.1.1:443", Kind.OUTSIDE, addresses=("1.1.1.1",), public=("1.1.1.1",), attempts=(NO,))

    assert found(ENDPOINT, gateway, PEER, outside, METADATA) == ()


@pytest.mark.parametrize("sight", [ENDPOINT, GATEWAY])
def test_a_name_that_does_not_resolve(sight: Sight) -> None:
    one = only(replace(sight, addresses=(), public=(), attempts=(), unresolved="does not resolve: not known"))

    assert (one.code, one.severity, one.resource) == ("AL901", Severity.ERROR, "airflow-scheduler")
    assert one.message.startswith(sight.destination)
    assert one.message.endswith("does not resolve: not known")


def test_a_public_address_of_an_interface_endpoint_names_the_endpoint_to_make() -> None:
    one = only(replace(ENDPOINT, addresses=(PUBLIC,), public=(PUBLIC,), attempts=()))

    assert (one.code, one.severity) == ("AL902", Severity.ERROR)
    assert f"{NAME} (Celery over SQS) resolves to public {PUBLIC}" in one.message
    assert "com.amazonaws.eu-west-1.sqs" in one.fix


def test_silence_is_told_with_how_long_it_was() -> None:
    one = only(replace(ENDPOINT, attempts=(NO,)))

    assert one.code == "AL903"
    assert "10.0.1.7: timed out (5.0 s)" in one.message
    assert "three minutes" in one.message
    assert "security group" in one.fix


def test_of_many_attempts_the_first_three_are_told() -> None:
    message = only(replace(GATEWAY, attempts=(NO,) * 5)).message

    assert message.count("timed out") == 3
    assert "; and 2 more" in message


def test_a_refusal_hangs_nobody() -> None:
    refused = replace(NO, outcome=Outcome.REFUSED, said="Connection refused", seconds=0.0)

    assert "three minutes" not in only(replace(ENDPOINT, attempts=(refused,))).message


def test_a_gateway_endpoint_that_does_not_answer_is_a_route_or_a_prefix_list() -> None:
    one = only(replace(GATEWAY, attempts=(NO,)))

    assert one.code == "AL903"
    assert "route table" in one.fix
    assert "prefix list" in one.fix


def test_a_wrong_certificate_is_told_as_one_and_not_as_silence() -> None:
    wrong = replace(NO, outcome=Outcome.CERTIFICATE, said="its certificate is not trusted for it")
    one = only(replace(ENDPOINT, attempts=(wrong,)))

    assert one.code == "AL904"
    assert "its certificate is not trusted for it" in one.message


def test_an_outside_address_that_answers_is_a_way_out() -> None:
    opened = replace(YES, address="1.1.1.1", said="TCP")
    one = only(
        Sight("1.1.1.1:443", Kind.OUTSIDE, addresses=("1.1.1.1",), public=("1.1.1.1",), attempts=(opened,))
    )

    assert (one.code, one.severity) == ("AL905", Severity.ERROR)
    assert "1.1.1.1 in 20 ms" in one.message


def test_an_outside_address_that_refuses_is_a_warning() -> None:
    refused = Attempt("1.1.1.1", Outcome.REFUSED, "Connection refused", 0.0)
    one = only(
        Sight("1.1.1.1:443", Kind.OUTSIDE, addresses=("1.1.1.1",), public=("1.1.1.1",), attempts=(refused,))
    )

    assert (one.code, one.severity) == ("AL905", Severity.WARNING)


def test_a_metadata_service_that_answers() -> None:
    assert only(replace(METADATA, attempts=(YES,))).code == "AL906"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attempts": (NO,)}, "does not answer: 10.0.1.7: timed out (5.0 s)"),
        ({"attempts": (), "unresolved": "does not resolve: not known"}, "does not resolve: not known"),
        ({"attempts": (), "public": (PUBLIC,)}, f"resolves to public {PUBLIC}"),
    ],
)
def test_a_peer_that_is_not_reached_is_told_with_its_setting(change: dict[str, object], said: str) -> None:
    one = only(replace(PEER, **change))  # type: ignore[arg-type]

    assert one.code == "AL907"
    assert one.message == f"db.internal:5432 ([database] sql_alchemy_conn) {said}"


def test_an_answer_after_more_than_a_second_is_slow_and_says_what_was_tried_in_vain() -> None:
    one = only(replace(ENDPOINT, attempts=(replace(NO, address="10.0.2.7"), YES)))

    assert (one.code, one.severity) == ("AL908", Severity.WARNING)
    assert "10.0.2.7: timed out (5.0 s); 10.0.1.7: TLSv1.3, HTTP 403 (0.0 s)" in one.message


def test_that_public_names_resolve_is_said_once_and_blocks_nothing() -> None:
    silent = (replace(NO, address=PUBLIC),)
    other = replace(OUTSIDE, destination="www.wikipedia.org:443", attempts=silent)
    one = only(replace(OUTSIDE, attempts=silent), other)

    assert (one.code, one.severity) == ("AL909", Severity.INFO)
    assert one.message.endswith("example.com, www.wikipedia.org")


def test_what_the_settings_do_not_tell_is_told() -> None:
    (one,) = found(unknown=("[database] sql_alchemy_conn: names a secret",))

    assert (one.code, one.severity) == ("AL910", Severity.INFO)


def test_a_task_that_does_not_start_is_told_with_all_that_ecs_says() -> None:
    (one,) = found(stopped=("task 1: CannotPullContainerError", "  no way to the registry"))

    assert (one.code, one.severity, one.message) == (
        "AL911",
        Severity.ERROR,
        "task 1: CannotPullContainerError",
    )
    assert one.detail == "  no way to the registry"


def test_codes_are_in_order_each_with_documentation_title_and_fix() -> None:
    codes = [one.code for one in RULES]

    assert codes == sorted(set(codes))
    assert all(one.code.startswith("AL9") and one.documentation() and one.title and one.fix for one in RULES)
