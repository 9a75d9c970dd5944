"""Where an API server is asked, and what its answers mean."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING

import pytest

from airlock_runtime import api
from airlock_runtime.api import Address
from airlock_runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTE = "/api/v2/version"
HERE = Address("127.0.0.1", 8080, ROUTE, encrypted=False)


@pytest.mark.parametrize(
    ("environ", "words", "address"),
    [
        ({}, "airflow api-server", HERE),
        ({"PORT": "9090"}, "airflow api-server", HERE._replace(port=9090)),
        ({"PORT": "9090"}, "airflow api_server -- host:0.0.0.0 port:8081", HERE._replace(port=8081)),
        ({}, "airflow api-server --port 8082 -d", HERE._replace(port=8082)),
        ({}, "airflow api-server -p 8083", HERE._replace(port=8083)),
        ({"BASE_URL": "https://airflow.example.com"}, "", HERE),
        ({"BASE_URL": "https://airflow.example.com/"}, "", HERE),
        ({"BASE_URL": "https://example.com/team/airflow/"}, "", HERE._replace(path=f"/team/airflow{ROUTE}")),
        ({"BASE_URL": "/airflow"}, "", HERE._replace(path=f"/airflow{ROUTE}")),
        ({"SSL_CERT": "/tls/cert.pem"}, "", HERE._replace(encrypted=True)),
        ({}, "airflow api-server --ssl-cert /tls/cert.pem", HERE._replace(encrypted=True)),
        ({"HOST": "10.0.0.7"}, "", HERE._replace(host="10.0.0.7")),
        ({"HOST": "::"}, "", HERE),
        ({}, "airflow api_server -- host:10.0.0.7 port:8080", HERE._replace(host="10.0.0.7")),
        ({}, "airflow api_server -- host::: port:8080", HERE),
        ({}, "airflow api-server --host 10.0.0.7", HERE._replace(host="10.0.0.7")),
        ({}, "x -- /entrypoint api-server --ssl-cert=/tls/cert.pem", HERE._replace(encrypted=True)),
    ],
)
def test_the_address_is_the_servers(environ: dict[str, str], words: str, address: Address) -> None:
    given = {f"AIRFLOW__API__{key}": value for key, value in environ.items()}

    assert api.address(Settings(given, configparser.RawConfigParser()), words.split()) == address


def raising(error: OSError) -> Callable[[Address, float], int]:
    def asking(*_: object) -> int:
        raise error

    return asking


@pytest.mark.parametrize(
    ("asking", "before", "after", "reason"),
    [
        (raising(ConnectionRefusedError(111, "Connection refused")), "none", "gone", "Connection refused"),
        (raising(TimeoutError("timed out")), "none", "late", "gives none in 3.0 s"),
        (raising(ConnectionResetError(104, "Connection reset by peer")), "none", "gone", "reset by peer"),
        (lambda *_: 500, "none", "gone", "says 500"),
        (lambda *_: 404, "none", "gone", "says 404"),
        (lambda *_: 0, "none", "gone", "no HTTP"),
    ],
)
def test_what_is_no_answer_is_told_from_what_never_answered(
    asking: Callable[[Address, float], int], before: str, after: str, reason: str
) -> None:
    assert api.sign(HERE, 3.0, None, asking).kind == before

    found = api.sign(HERE, 3.0, 50.0, asking)

    assert (found.kind, found.at) == (after, 50.0)
    assert reason in found.reason
    assert "http://127.0.0.1:8080/api/v2/version" in found.reason


def test_an_answer_is_a_beat_of_now() -> None:
    found = api.sign(HERE, 3.0, None, lambda *_: 200)

    assert found.kind == "beat"
    assert found.at is not None


def test_a_server_of_the_execution_api_alone_is_asked_there() -> None:
    asked: list[str] = []

    def asking(at: Address, _seconds: float) -> int:
        asked.append(at.path)
        return 200 if at.path == "/af/execution/health" else 404

    assert api.sign(HERE._replace(path=f"/af{ROUTE}"), 3.0, None, asking).kind == "beat"
    assert asked == [f"/af{ROUTE}", "/af/execution/health"]


def test_former_names_of_the_settings_are_read() -> None:
    former = {"WEB_SERVER_HOST": "10.0.0.7", "WEB_SERVER_PORT": "81", "WEB_SERVER_SSL_CERT": "/tls/cert.pem"}
    given = {f"AIRFLOW__WEBSERVER__{key}": value for key, value in former.items()}

    found = api.address(Settings(given, configparser.RawConfigParser()), ())

    assert found == Address("10.0.0.7", 81, ROUTE, encrypted=True)
