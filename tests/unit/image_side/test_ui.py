"""Pages leave the API server naming no other host, and with a policy that lets the browser ask none."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import pytest

from airlock_plugins.ui import REPLACED, Assets, NoOtherHost, own, policy

if TYPE_CHECKING:
    from collections.abc import Coroutine

SWAGGER = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js"
PAGE = f'<script src="{SWAGGER}"></script>'.encode()
OURS = b'<script src="/airlock/assets/swagger-ui-bundle.js"></script>'
HTML = (b"content-type", b"text/html; charset=utf-8")

Message = MutableMapping[str, Any]


class Server:
    """An ASGI application with one answer, in pieces."""

    def __init__(self, *pieces: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.pieces = pieces
        self.headers = headers

    async def __call__(self, _scope: Message, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        for piece in self.pieces[:-1]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": self.pieces[-1]})


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run what waits for nothing, without an event loop: those want a socket."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def ask(app: Any, path: str = "/", root: str = "") -> list[Message]:
    """Ask an ASGI application for a path; return the messages of its answer."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    run(app({"type": "http", "path": path, "root_path": root}, None, send))
    return messages


def guarded(*pieces: bytes, headers: list[tuple[bytes, bytes]]) -> NoOtherHost:
    return NoOtherHost(Server(*pieces, headers=headers), hosts=())


def test_a_page_names_our_script_in_the_place_of_a_cdns_and_its_length_is_right() -> None:
    start, body = ask(guarded(PAGE, headers=[HTML, (b"content-length", str(len(PAGE)).encode())]))

    assert body["body"] == OURS
    assert (b"content-length", str(len(OURS)).encode()) in start["headers"]


def test_an_address_that_is_cut_in_two_pieces_of_a_page_is_replaced() -> None:
    _, body = ask(guarded(PAGE[:40], PAGE[40:], headers=[HTML]))

    assert (body["body"], body.get("more_body", False)) == (OURS, False)


def test_below_the_path_of_base_url_the_assets_are_there_too() -> None:
    _, body = ask(guarded(PAGE, headers=[HTML]), root="/team")

    assert body["body"] == OURS.replace(b"/airlock", b"/team/airlock")


def test_what_is_no_page_passes_piece_by_piece_as_it_is() -> None:
    json = [b'{"log": "', SWAGGER.encode(), b'"}']
    messages = ask(guarded(*json, headers=[(b"content-type", b"application/json")]))

    assert [message.get("body") for message in messages] == [None, *json]


def test_every_answer_has_the_policy_and_looks_up_no_links() -> None:
    start, _ = ask(guarded(b"{}", headers=[(b"content-type", b"application/json")]))

    assert dict(start["headers"])[b"content-security-policy"] == policy().encode()
    assert dict(start["headers"])[b"x-dns-prefetch-control"] == b"off"


def test_a_policy_that_is_there_already_is_kept() -> None:
    mine = (b"content-security-policy", b"default-src 'none'")
    start, _ = ask(guarded(PAGE, headers=[HTML, mine]))

    assert [value for name, value in start["headers"] if name == mine[0]] == [mine[1]]


def test_the_policy_names_this_server_and_the_hosts_of_the_deployment_alone() -> None:
    words = policy(["https://grafana.internal"]).split()

    assert words[-1] == "https://grafana.internal"
    assert [word for word in words if "." in word or "*" in word] == ["https://grafana.internal"]


def test_what_is_no_http_passes_untouched() -> None:
    seen: list[object] = []

    async def receive() -> Message:
        raise NotImplementedError

    async def send(message: Message) -> None:
        raise NotImplementedError

    async def app(*arguments: object) -> None:
        seen.extend(arguments)

    run(NoOtherHost(app, hosts=())({"type": "lifespan"}, receive, send))

    assert seen == [{"type": "lifespan"}, receive, send]


@pytest.mark.parametrize("theirs", REPLACED)
def test_each_address_that_is_replaced_is_gone(theirs: bytes) -> None:
    assert b"://" not in own(b'<link href="' + theirs + b'">', "")


def test_what_takes_the_place_of_fonts_is_an_empty_style() -> None:
    start, body = ask(Assets(), "/airlock/assets/nothing.css")

    assert (start["status"], body["body"]) == (200, b"")
    assert dict(start["headers"])[b"content-type"].startswith(b"text/css")


@pytest.mark.parametrize(
    "path", ["/airlock/assets/", "/airlock/assets/../core.py", "/airlock/assets/core.py"]
)
def test_only_the_assets_are_served(path: str) -> None:
    assert ask(Assets(), path)[0]["status"] == 404
