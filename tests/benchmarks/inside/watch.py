"""Answer, a line each, when what is asked for on stdin has come to pass: `forget`, `job TYPE`, or `health URL`.

Runs in a container of its own beside those that it watches, so that looking costs them nothing.
"""

import json
import os
import sys
import time
import urllib.request

import psycopg2

PAUSE = 0.02  # seconds between two looks
SECONDS = 180  # until it gives up


def main() -> None:
    connection = psycopg2.connect(os.environ["WATCHED"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        for line in sys.stdin:
            what, _, about = line.strip().partition(" ")
            print("yes" if until(what, about, cursor) else "no", flush=True)  # noqa: T201 - the answer


def until(what: str, about: str, cursor: "psycopg2.extensions.cursor") -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if seen(what, about, cursor):
            return True
        time.sleep(PAUSE)
    return False


def seen(what: str, about: str, cursor: "psycopg2.extensions.cursor") -> bool:
    if what == "forget":
        cursor.execute("DELETE FROM job")
        return True
    if what == "job":
        cursor.execute("SELECT 1 FROM job WHERE job_type = %s AND latest_heartbeat IS NOT NULL", (about,))
        return cursor.fetchone() is not None
    try:
        with urllib.request.urlopen(about, timeout=2) as answer:  # noqa: S310 - an address of the benchmark's
            return bool(json.load(answer)["metadatabase"]["status"] == "healthy")
    except (OSError, ValueError):  # no such host yet, nobody listens yet, or half an answer
        return False


if __name__ == "__main__":
    main()
