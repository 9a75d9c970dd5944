"""What is logged of a request: one line of JSON, without its URL, headers and bodies."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from airlock_outbox.answering import Said

if TYPE_CHECKING:
    from airlock_spec.outbox.response import Response


def tell(name: str, result: Response | Said) -> None:
    """Log what came of a request."""
    if isinstance(result, Said):
        _line(request=name, nothing_done=result.value)
        return
    seconds = round((result.finished - result.started).total_seconds(), 3)
    size = result.body.size if result.body else 0
    _line(
        request=name,
        outcome=result.outcome.value,
        reason=result.reason,
        status=result.status,
        seconds=seconds,
        bytes=size,
    )


def tell_failure(name: str, error: Exception) -> None:
    """Log why a request is to be tried again."""
    _line(request=name, failed=f"{type(error).__name__}: {error}")


def _line(**fields: object) -> None:
    sys.stderr.write(json.dumps(fields) + "\n")
