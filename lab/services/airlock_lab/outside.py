"""What stands outside the VPC, where there is internet: what answers the outbox (docs/outbox.md).

Its code is not the lab's: it is what a deployment would put into AWS Lambda. With `--with-api` it brings the API
that it is to call, for where there is no second container.
"""

from __future__ import annotations

import importlib
import importlib.util
import signal
import sys
import threading
from typing import TYPE_CHECKING

from airlock_lab import api
from airlock_lab.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESPONDER = "airlock_outbox"
BUCKET = "airlock-lab-outbox"
POLICY = "/opt/lab/outbox-policy.json"  # whom it may call, and how
WITH_API = "--with-api"


def run(arguments: Sequence[str], _: Mapping[str, str]) -> int:
    """Answer until a signal comes. Raises RefusedError for options that it has not."""
    if arguments not in ([], [WITH_API]):
        raise RefusedError(f"{' '.join(arguments)!r} is not understood: {WITH_API}")
    if arguments:
        server = api.Server(("127.0.0.1", api.PORTS[-1]))
        threading.Thread(target=server.serve_forever, daemon=True).start()
    if importlib.util.find_spec(RESPONDER) is None:
        sys.stderr.write(f"lab: outside: {RESPONDER} is not in this image, so the outbox is not answered\n")
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        return 0
    respond = importlib.import_module(f"{RESPONDER}.__main__").main
    return int(respond(["--loop", "--bucket", BUCKET, "--policy", POLICY]))
