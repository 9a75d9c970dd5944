"""Broker URLs, and what a Redis says to a PING."""

from __future__ import annotations

import configparser
import contextlib
import socket
import ssl
from typing import cast

import pytest

from airlock_runtime.broker import Broker, BrokerDeniedError, BrokerError, brokers
from airlock_runtime.settings import Settings

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


def ping(place: Broker, connection: Connection) -> None:
    place._ping(cast("socket.socket", connection))


OPTIONS = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS"


def places_of(url: str, **environ: str) -> list[Broker]:
    return brokers(url, Settings(environ, configparser.ConfigParser()), environ)


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
    assert places_of(url, AWS_REGION="eu-west-1") == places


def test_sqs_is_where_aws_is_said_to_be() -> None:
    assert places_of("sqs://", AWS_ENDPOINT_URL="http://moto:5000") == [Broker("sqs", "moto", 5000)]
    assert places_of("sqs://", AWS_ENDPOINT_URL_SQS="https://q", AWS_ENDPOINT_URL="http://moto") == [
        Broker("sqs", "q", 443)
    ]
    assert places_of("sqs://me:x@elasticmq:9324") == [Broker("sqs", "elasticmq", 9324)]
    (china,) = places_of("sqs://", AWS_DEFAULT_REGION="cn-north-1", AWS_REGION="eu-west-1")
    assert china.host == "sqs.cn-north-1.amazonaws.com.cn"
    (other,) = places_of("sqs://", AWS_REGION="eu-west-1", **{f"{OPTIONS}__REGION": "us-east-2"})
    assert other.host == "sqs.us-east-2.amazonaws.com"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_REGION": "us-iso-east-1"},
        {"AWS_REGION": "eu-west-1", "HTTPS_PROXY": "http://proxy:3128"},
        {"AWS_REGION": "us-east-1", "AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_REGION": "eu-west-1", f"{OPTIONS}__PREDEFINED_QUEUES": '{"default": {"url": "https://q"}}'},
    ],
)
def test_sqs_that_is_not_at_its_regional_name_is_not_waited_for(environ: dict[str, str]) -> None:
    assert places_of("sqs://", **environ) == []


@pytest.mark.parametrize(
    "url", ["redis://:sec[ret@r/0", "redis://:[secret]@r/0", "redis://:\u2100secret@r", "redis://:x@r:secret"]
)
def test_a_broken_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="host or port") as refused:
        brokers(url, Settings({}, configparser.ConfigParser()), {})
    assert "secret" not in str(refused.value)


def test_tls_may_be_a_setting_and_credentials_airflows_alone() -> None:
    assert places_of("redis://:x@r", AIRFLOW__CELERY__SSL_ACTIVE="True")[0].kind == "rediss"
    for place in (
        *places_of("rediss://me@r?credential_provider=mine.Provider"),
        *places_of("rediss://me@r", **{f"{OPTIONS}__CREDENTIAL_PROVIDER": "mine.Provider"}),
    ):
        connection = Connection()
        ping(place, connection)
        assert connection.sent == b""


@pytest.mark.parametrize(("reason", "there"), [("TLSV13_ALERT_CERTIFICATE_REQUIRED", True), ("EOF", False)])
def test_a_redis_that_wants_celerys_certificate_is_there(
    monkeypatch: pytest.MonkeyPatch, reason: str, *, there: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        error = ssl.SSLError()
        error.reason = reason
        raise error

    monkeypatch.setattr(socket, "create_connection", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)

    with contextlib.nullcontext() if there else pytest.raises(BrokerError, match=reason):
        Broker("rediss", "r", 6379).ask(1)


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
        ([b"-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n"], BrokerDeniedError, "'…'$"),
    ],
)
def test_what_a_redis_refuses_is_told_from_what_passes(
    answers: list[bytes], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        ping(REDIS, Connection(*answers))
    assert type(raised.value) is error
