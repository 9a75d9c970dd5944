"""Broker URLs, and what a Redis says to a PING."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from airlock_runtime.broker import Broker, BrokerDeniedError, BrokerError, brokers

if TYPE_CHECKING:
    from socket import socket

REDIS = Broker("redis", "r", 6379, password="secret")  # noqa: S106


class Connection:
    """A socket that answers each request with the next of its answers."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def recv(self, _size: int) -> bytes:
        return self.answers.pop(0)


def ping(broker: Broker, connection: Connection) -> None:
    broker._ping(cast("socket", connection))


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("redis://:p%40ss@r:6380/0", [Broker("redis", "r", 6380, "", "p@ss")]),
        ("rediss://me:x@r/0", [Broker("rediss", "r", 6379, "me", "x")]),
        ("sentinel://a:1;sentinel://b", [Broker("sentinel", "a", 1), Broker("sentinel", "b", 26379)]),
        ("amqp://me:x@mq//", [Broker("amqp", "mq", 5672, "me", "x")]),
        ("sqs://", [Broker("sqs", "sqs.eu-west-1.amazonaws.com", 443)]),
        ("filesystem://", []),
    ],
)
def test_a_url_tells_where_a_broker_listens(url: str, places: list[Broker]) -> None:
    assert brokers(url, {"AWS_REGION": "eu-west-1"}) == places


def test_sqs_is_where_aws_is_said_to_be() -> None:
    assert brokers("sqs://", {}) == []
    assert brokers("sqs://", {"AWS_ENDPOINT_URL": "http://moto:5000"}) == [Broker("sqs", "moto", 5000)]
    assert brokers("sqs://", {"AWS_ENDPOINT_URL_SQS": "https://q", "AWS_ENDPOINT_URL": "http://moto"}) == [
        Broker("sqs", "q", 443)
    ]


def test_a_redis_that_answers_is_asked_in_its_own_protocol() -> None:
    connection = Connection(b"+OK\r\n", b"+PONG\r\n")

    ping(REDIS, connection)
    assert connection.sent == b"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*1\r\n$4\r\nPING\r\n"
    assert "secret" not in f"{REDIS} {REDIS!r}"


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ([b"-WRONGPASS invalid username-password pair\r\n"], BrokerDeniedError, "WRONGPASS"),
        ([b"+OK\r\n", b"-NOPERM no permissions\r\n"], BrokerDeniedError, "NOPERM"),
        ([b"+OK\r\n", b"-LOADING Redis is loading\r\n"], BrokerError, "LOADING"),
        ([b""], BrokerError, "closed"),
    ],
)
def test_what_a_redis_refuses_is_told_from_what_passes(
    answers: list[bytes], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        ping(REDIS, Connection(*answers))
    assert type(raised.value) is error
