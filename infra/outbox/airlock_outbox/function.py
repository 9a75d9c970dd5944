"""The function of AWS Lambda: its event is the bucket's, of objects created below requests/.

The environment names OUTBOX_BUCKET, OUTBOX_PREFIX (perhaps) and OUTBOX_POLICY, which is JSON (policy.py).
"""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_plus

from airlock_outbox.answering import Outside, Said
from airlock_outbox.calling import HttpCaller
from airlock_outbox.objects import S3Objects, SecretsManager
from airlock_outbox.policy import Policy
from airlock_outbox.telling import tell, tell_failure
from airlock_spec.outbox.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SPARE = 10.0  # seconds of an invocation that are kept for all but the call


class Context(Protocol):
    """What Lambda says of an invocation; a retried one keeps its id."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


@functools.cache
def outside() -> Outside:
    """Connect once for each process of Lambda, which serves one event after the other."""
    bucket, layout = os.environ["OUTBOX_BUCKET"], Layout(os.environ.get("OUTBOX_PREFIX", ""))
    policy = Policy.from_json(os.environ["OUTBOX_POLICY"])
    return Outside(S3Objects(bucket), layout, policy, SecretsManager(), HttpCaller(), holder="")


def handler(event: Mapping[str, Any], context: Context) -> dict[str, str]:
    """Answer the requests of an event; return what came of each. Raises where one is to be tried again."""
    shared = outside()
    results: dict[str, str] = {}
    failures: list[Exception] = []
    for name in requested(event, os.environ["OUTBOX_BUCKET"], shared.layout):
        seconds = context.get_remaining_time_in_millis() / 1000 - SPARE
        one = replace(shared, holder=f"lambda:{context.aws_request_id}", seconds=seconds)
        try:
            result = one.answer(name)
        except Exception as error:  # noqa: BLE001 - the others of the event are not to wait for Lambda's retry
            tell_failure(name, error)
            failures.append(error)
        else:
            tell(name, result)
            results[name] = result.value if isinstance(result, Said) else result.outcome.value
    if failures:
        raise ExceptionGroup("not every request was brought to an end", failures)
    return results


def requested(event: Mapping[str, Any], bucket: str, layout: Layout) -> Iterator[str]:
    """Find the requests that an event of this bucket tells of, each once."""
    seen = set()
    for record in event.get("Records", ()):
        where = record.get("s3", {})
        name = layout.name(unquote_plus(where.get("object", {}).get("key", "")))
        if name is not None and where.get("bucket", {}).get("name") == bucket and name not in seen:
            seen.add(name)
            yield name
