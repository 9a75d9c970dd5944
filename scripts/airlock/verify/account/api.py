"""The calls as they are made: clients when they are first wanted, every page, and nothing asked twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from airlock.aws_failures import Service
from airlock.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.aws import Asking
    from airlock.verify.account.call import Call

Connect = Callable[[Service], "Asking[Any]"]


class Api:
    """Makes calls, from several threads, each once: who asks the same again gets the same answer.

    A service that did not answer is not asked again: each time costs seconds.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._clients: dict[str, Asking[Any]] = {}
        self._silent: dict[str, AwsError] = {}
        self._asked: dict[tuple[Call, str], Future[Any]] = {}
        self._lock = threading.Lock()

    def one(self, call: Call, name: str = "", **request: Any) -> dict[str, Any]:
        """Return an answer; {} where there is none of it (`Call.absent`). Raises AwsError."""

        def answer(client: Any) -> Any:
            return getattr(client, call.method)(**request)

        told: dict[str, Any] = self._once(call, name, answer, request) or {}
        return told

    def all(self, call: Call, name: str = "", **request: Any) -> list[Any]:
        """Return what every page lists. Raises AwsError."""

        def pages(client: Any) -> list[Any]:
            if not client.can_paginate(call.method):
                return list(getattr(client, call.method)(**request).get(call.listed, []))
            told = client.get_paginator(call.method).paginate(**request)
            return [one for page in told for one in page.get(call.listed, [])]

        told: list[Any] = self._once(call, name, pages, request) or []
        return told

    def region(self, call: Call) -> str:
        """Return the region that a call goes to."""
        return self._asking(call).region

    def _asking(self, call: Call) -> Asking[Any]:
        name = call.service.name
        with self._lock:  # boto3's sessions are not made for several threads
            if name not in self._clients:
                self._clients[name] = self._connect(call.service)
            return self._clients[name]

    def _once(
        self, call: Call, name: str, request: Callable[[Any], Any], parameters: Mapping[str, Any]
    ) -> Any:
        key = (call, repr(sorted(parameters.items())))
        with self._lock:
            asked = self._asked.get(key)
            ours = self._asked.setdefault(key, Future())
        if asked is None:
            try:
                ours.set_result(self._ask(call, name, request))
            except BaseException as error:  # noqa: BLE001 - raised again for whoever waits for it
                ours.set_exception(error)
        return ours.result()

    def _ask(self, call: Call, name: str, request: Callable[[Any], Any]) -> Any:
        service = call.service.name
        if service in self._silent:
            raise self._silent[service]
        asking = self._asking(call)
        try:
            return asking.ask("read", call.about.format(name), lambda: request(asking.client))
        except AwsError as error:
            if error.code in call.absent:
                return None
            if not error.code:
                self._silent[service] = error
            raise
