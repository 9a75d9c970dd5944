"""Run a command many times, one after the other; print JSON of what a run costs and how often it failed.

cost_of.py TIMES PROGRAM [ARGUMENT…]
"""

from __future__ import annotations

import os
import sys
import time


def main(times: int, command: list[str]) -> None:
    seconds, processor, peaks, failed = [], [], [], 0
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, 1, 2)]
    for _ in range(times):
        start = time.perf_counter()
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet)
        _, status, usage = os.wait4(pid, 0)
        seconds.append(time.perf_counter() - start)
        processor.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss * 1024)
        failed += os.waitstatus_to_exitcode(status) != 0
    import json  # noqa: PLC0415 - what this process holds counts for the first moment of each child

    found = {
        "times": times,
        "failed": failed,
        "processor": sum(processor),  # seconds, of all
        "median": sorted(seconds)[times // 2],
        "slowest": max(seconds),
        "peak": max(peaks),  # bytes, of the biggest process
    }
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
