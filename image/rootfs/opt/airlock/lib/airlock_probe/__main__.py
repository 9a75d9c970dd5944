"""`python -m airlock_probe`: a request on stdin, facts on stdout, both JSON."""

from __future__ import annotations

import json
import sys
import time

from airlock_probe import coordinator
from airlock_probe.supervised import ParserError
from airlock_spec.check import json_form
from airlock_spec.check.request import Request

_PARSER_FAILED = 3
_INTERVAL = 0.1  # seconds between two lines of progress


def main() -> int:
    """Answer one request. Lines of progress come before the run; an error is one line of its own."""
    request = json_form.loads(Request, sys.stdin.read())
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _INTERVAL:
            last = time.monotonic()
            _say(progress=[done, total])

    try:
        run = coordinator.run(request, progress)
    except ParserError as error:
        _say(error=error.said or f"exit code {error.code}")
        return _PARSER_FAILED
    _say(run=json_form.plain(run))
    return 0


def _say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
