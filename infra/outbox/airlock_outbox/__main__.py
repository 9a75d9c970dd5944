"""`python -m airlock_outbox --loop`: answer an outbox from any machine that has a way out."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import uuid
from pathlib import Path

from airlock_outbox.answering import Outside
from airlock_outbox.calling import HttpCaller
from airlock_outbox.loop import Loop
from airlock_outbox.objects import S3Objects, SecretsManager
from airlock_outbox.policy import Policy, PolicyError
from airlock_spec.outbox.layout import Layout

EXAMPLE = """\
example:
  python -m airlock_outbox --loop --bucket airlock-lab-outbox --policy policy.json

policy.json, of the hosts that may be called and how:
  {"hosts": {"api.example.com": {"methods": ["GET", "POST"], "paths": ["/v1/"],
                                 "secrets": ["airflow-outside/api-token"]}}}
"""


def main(arguments: list[str]) -> int:
    """Return 0 when done, 2 where options or the policy are wrong."""
    parser = argparse.ArgumentParser(
        prog="airlock_outbox",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--loop", action="store_true", help="look for requests until told to end")
    how.add_argument("--once", action="store_true", help="answer the requests there are, and end")
    parser.add_argument("--bucket", default=os.environ.get("OUTBOX_BUCKET"), help="or OUTBOX_BUCKET")
    parser.add_argument("--prefix", default=os.environ.get("OUTBOX_PREFIX", ""), help="or OUTBOX_PREFIX")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="or its JSON in OUTBOX_POLICY")
    parser.add_argument("--every", type=float, default=0.5, metavar="SECONDS", help="how often to look (0.5)")
    options = parser.parse_args(arguments)
    try:
        text = options.policy.read_text("utf-8") if options.policy else os.environ.get("OUTBOX_POLICY", "")
        policy, layout = Policy.from_json(text), Layout(options.prefix)
    except (OSError, PolicyError, ValueError) as error:
        parser.error(f"{options.policy or 'OUTBOX_POLICY'}: {error}")
    if not options.bucket:
        parser.error("which bucket? --bucket NAME, or OUTBOX_BUCKET")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    holder = f"loop:{uuid.uuid4().hex}"
    outside = Outside(S3Objects(options.bucket), layout, policy, SecretsManager(), HttpCaller(), holder)
    loop = Loop(outside)
    if options.once:
        loop.once()
        return 0
    loop.run(options.every, ending)
    sys.stderr.flush()
    os._exit(0)  # threads that still wait for an API are not waited for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
