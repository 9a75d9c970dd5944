"""Wait until the API server calls its components healthy; print JSON of the seconds and its last answer."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request

URL = "http://127.0.0.1:8080/api/v2/monitor/health"
COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


def ask() -> dict[str, dict[str, str]]:
    try:
        with urllib.request.urlopen(URL, timeout=5) as response:
            answer: dict[str, dict[str, str]] = json.load(response)
            return answer
    except (urllib.error.URLError, OSError, ValueError) as error:
        return {"error": {"status": str(error)}}


def main(limit: float) -> None:
    start = time.monotonic()
    while True:
        answer = ask()
        healthy = all(answer.get(name, {}).get("status") == "healthy" for name in COMPONENTS)
        seconds = round(time.monotonic() - start, 1)
        if healthy or seconds > limit:
            print(json.dumps({"healthy": healthy, "seconds": seconds, "answer": answer}))  # noqa: T201
            return
        time.sleep(1)


if __name__ == "__main__":
    main(float(sys.argv[1]))
