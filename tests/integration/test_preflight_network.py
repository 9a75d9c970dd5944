"""What the preflight asks an endpoint, against real TLS: a certificate for the name, and an answer in time."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from airlock_spec.reach.sockets import BUNDLE, SystemNetwork
from api_outside import Api
from authorities import Signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = "127.0.0.1"
NAME = "logs.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def authority() -> Signed:
    return Signed.authority("of the preflight's test")


@pytest.fixture
def trusted(authority: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv(BUNDLE, str(tmp_path / "ca.pem"))


def serving(signed: Signed, folder: Path) -> ssl.SSLContext:
    (folder / "server.pem").write_text(signed.pem + signed.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


@contextmanager
def saying(parts: list[bytes], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve one connection that says some bytes, a tenth of a second apart, and then waits."""
    done = threading.Event()
    with socket.create_server((HERE, 0)) as listening:

        def serve() -> None:
            try:
                plain, _ = listening.accept()
                with plain, context.wrap_socket(plain, server_side=True) if context else plain as stream:
                    for part in parts:
                        stream.sendall(part)
                        time.sleep(0.1)
                    done.wait(10)
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        done.set()


def test_an_endpoint_answers_with_its_own_certificate_and_any_status(
    authority: Signed, trusted: None, tmp_path: Path
) -> None:
    with Api(tls=serving(authority.server(NAME), tmp_path)) as api:
        how = SystemNetwork().ask(NAME, HERE, 5, api.port)

    assert how == "TLSv1.3, HTTP 200"
    (asked,) = api.asked
    assert (asked.method, asked.path, asked.headers["Host"]) == ("GET", "/", NAME)


def test_a_certificate_for_another_name_does_not_do(authority: Signed, trusted: None, tmp_path: Path) -> None:
    with (
        Api(tls=serving(authority.server("sts.us-east-1.amazonaws.com"), tmp_path)) as api,
        pytest.raises(OSError, match=f"its certificate is not trusted for {NAME}: Hostname mismatch"),
    ):
        SystemNetwork().ask(NAME, HERE, 5, api.port)
    assert api.asked == []


def test_a_certificate_of_someone_else_does_not_do(trusted: None, tmp_path: Path) -> None:
    other = Signed.authority("of someone else")
    with (
        Api(tls=serving(other.server(NAME), tmp_path)) as api,
        pytest.raises(OSError, match=r"its certificate is not trusted for .*: unable to get local issuer"),
    ):
        SystemNetwork().ask(NAME, HERE, 5, api.port)


def test_what_speaks_no_tls_is_no_endpoint(trusted: None) -> None:
    with Api() as api, pytest.raises(OSError, match="no TLS: "):
        SystemNetwork().ask(NAME, HERE, 5, api.port)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [([], "timed out"), ([b"H"] * 30, "timed out"), ([b"220 mail\r\n"], "TLS, but no HTTP in it")],
)
def test_an_accepted_connection_is_no_answer(
    authority: Signed, trusted: None, tmp_path: Path, parts: list[bytes], reason: str
) -> None:
    start = time.monotonic()
    with (
        saying(parts, serving(authority.server(NAME), tmp_path)) as port,
        pytest.raises(OSError, match=reason),
    ):
        SystemNetwork().ask(NAME, HERE, 1, port)
    assert time.monotonic() - start < 3


def test_a_handshake_that_does_not_go_on_ends_in_time(trusted: None) -> None:
    start = time.monotonic()
    with saying([b""]) as port, pytest.raises(OSError, match="timed out"):
        SystemNetwork().ask(NAME, HERE, 1, port)
    assert time.monotonic() - start < 3
