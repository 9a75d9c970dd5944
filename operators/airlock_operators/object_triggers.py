"""Triggers that wait for an object in S3, in threads of boto3: aiobotocore would pin botocore to its own version."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airlock_operators.objects import DeniedError, S3Objects
from airlock_operators.outbox_exchange import Exchange
from airlock_operators.outbox_verdict import judged_by
from airlock_operators.waiting import delays
from airlock_spec.outbox.layout import Layout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Threads of our own: where S3 does not answer, those that asyncio resolves names in stay free.
POOL = ThreadPoolExecutor(max_workers=8, thread_name_prefix="airlock-objects")


class ObjectTrigger(BaseTrigger):
    """Fires once `key` is in `bucket`, or when `until` (seconds since the epoch) has passed.

    Looks soon at first and then up to every `longest` seconds. It keeps nothing: a triggerer that takes it over
    begins to look again, until the same time.

    The event is {"status": "found", "key", "size" (bytes), "etag"}, or {"status": "late" or "denied", "key",
    "reason"}.
    """

    def __init__(
        self, *, bucket: str, key: str, until: float, longest: float = 15.0, region: str | None = None
    ) -> None:
        super().__init__()
        self.bucket = bucket
        self.key = key
        self.until = until
        self.longest = longest
        self.region = region

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", self.arguments()

    def arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("bucket", "key", "until", "longest", "region")}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(await self.wait())

    async def wait(self) -> dict[str, Any]:
        """Look until there is an event, and return it."""
        objects, loop = S3Objects(self.bucket, self.region), asyncio.get_running_loop()
        reason = "there is no such object"
        for delay in delays(self.longest):
            try:
                about = await loop.run_in_executor(POOL, objects.about, self.key)
            except DeniedError as error:
                return {"status": "denied", "key": self.key, "reason": str(error)}
            except OSError as error:
                # S3 may be away for a while; that is what the time is for.
                reason = str(error)
                self.log.warning("S3 did not answer, and is asked again: %s", reason)
            else:
                reason = "there is no such object"
                if about is not None:
                    return {"status": "found", "key": self.key, "size": about.size, "etag": about.etag}
            left = self.until - time.time()
            if left <= 0:
                break
            await asyncio.sleep(min(delay, left))
        return {"status": "late", "key": self.key, "reason": reason}


class OutboxTrigger(ObjectTrigger):
    """Waits for the response to the request `name`; cancels the request where someone ends or clears the task.

    A triggerer that stops, and one that takes over, cancel nothing.
    """

    def __init__(self, *, name: str, prefix: str = "", **kwargs: Any) -> None:
        super().__init__(key=Layout(prefix).response(name), **kwargs)
        self.name = name
        self.prefix = prefix

    def arguments(self) -> dict[str, Any]:
        arguments = super().arguments() | {"name": self.name, "prefix": self.prefix}
        del arguments["key"]
        return arguments

    async def on_kill(self) -> None:
        exchange = Exchange(S3Objects(self.bucket, self.region), Layout(self.prefix), judged_by(frozenset()))
        if await asyncio.get_running_loop().run_in_executor(POOL, exchange.cancel, self.name):
            self.log.info("request %s is cancelled: it was not called and will not be", self.name)
        else:
            self.log.info("request %s is not cancelled: its call has begun", self.name)
