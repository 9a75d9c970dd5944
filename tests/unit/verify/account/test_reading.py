"""Jobs that are done at the same time: what comes of them, and who waits for whom."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from airlock.errors import AwsError
from airlock.verify.account.reading import THREADS, Job, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable


def test_what_is_refused_is_unread_and_the_rest_is_found() -> None:
    def refused() -> Iterable[Any]:
        raise AwsError("cannot read roles", cause="AccessDenied: no\nmore")

    reading = Reading()
    reading.run([Job("roles", refused), Job("keys", lambda: ["key"])])
    assert reading.of("keys") == ["key"]
    assert [(one.kind, one.cause) for one in reading.unread] == [
        ("roles", "cannot read roles: AccessDenied: no")
    ]


def test_who_interrupts_waits_for_no_call_and_what_has_not_begun_is_left() -> None:
    let, begun = threading.Event(), list[int]()

    def hangs() -> list[Any]:
        begun.append(1)
        let.wait(20)
        return []

    def interrupts() -> list[Any]:
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Reading().run([Job("vpcs", interrupts), *(Job("roles", hangs) for _ in range(3 * THREADS))])
    taken = time.monotonic() - start
    let.set()
    assert taken < 10
    assert len(begun) <= THREADS + 1
