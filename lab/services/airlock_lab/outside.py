"""What stands outside the VPC, where there is internet: what answers the outbox (docs/outbox.md).

Its code is not the lab's: it is what a deployment would put into AWS Lambda. With `--with-api` it brings the API
that it is to call, for where there is no second container.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from airlock_lab import api
from airlock_lab.refused import RefusedError
from airlock_outbox.__main__ import main as respond

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BUCKET = "airlock-lab-outbox"
POLICY = "/opt/lab/outbox-policy.json"  # whom it may call, and how
WITH_API = "--with-api"


def run(arguments: Sequence[str], _: Mapping[str, str]) -> int:
    """Answer until a signal comes. Raises RefusedError for options that it has not."""
    if arguments not in ([], [WITH_API]):
        raise RefusedError(f"{' '.join(arguments)!r} is not understood: {WITH_API}")
    if arguments:
        server = api.Server(("127.0.0.1", api.PORT))
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return respond(["--loop", "--bucket", BUCKET, "--policy", POLICY])
