"""What is told of processes."""

from __future__ import annotations

import errno
import os

from airlock_probe import leftovers, processes
from airlock_probe.reaching import Reach
from airlock_probe.watch import Seen
from airlock_spec.check.facts import Attempt, Place, Way

DAGS = "/opt/airflow/dags"
FRAMES = '  File "/usr/lib/python3.13/socket.py", line 849 in connect\n  File "/opt/airflow/dags/a.py", line 7 in f\n'


def seen(target: str, frames: str = FRAMES, program: str = "") -> Seen:
    return Seen(Reach(Way.CONNECT, target, errno.ENETUNREACH), frames, program)


def test_one_line_that_tries_twice_is_told_once() -> None:
    told = processes.attempts(
        [seen("192.0.2.1:80"), seen("192.0.2.1:80"), seen("192.0.2.2:80")], "a.py", DAGS
    )
    caller = "/usr/lib/python3.13/socket.py:849 connect"
    assert told == tuple(
        Attempt(Way.CONNECT, target, Place("a.py", 7), caller=caller)
        for target in ("192.0.2.1:80", "192.0.2.2:80")
    )


def test_without_a_line_it_is_the_file_unless_another_knows_the_line() -> None:
    (told,) = processes.attempts([seen("192.0.2.1:80", "", "curl x")], "b.py", DAGS)
    assert told == Attempt(Way.CONNECT, "192.0.2.1:80", Place("b.py"), program="curl x")
    (told,) = processes.attempts([seen("192.0.2.1:80", ""), seen("192.0.2.1:80")], "b.py", DAGS)
    assert told.place == Place("a.py", 7)


def test_how_a_process_ended() -> None:
    assert processes.ending(-11) == "the parsing process was ended by SIGSEGV"
    assert processes.ending(3) == "the parsing process ended itself with exit code 3"
    assert "descriptors" in processes.ending(processes.CLOSED)


def test_the_tree_of_a_process_and_its_memory() -> None:
    ready, write = os.pipe()
    child = os.fork()
    if child == 0:
        grandchild = os.fork()
        if grandchild == 0:
            os.write(write, b"x")
            while True:
                os.read(ready, 0)
        os.waitpid(grandchild, 0)
        os._exit(0)
    os.read(ready, 1)
    try:
        assert child in leftovers.children(os.getpid())
        assert len(processes.tree(child)) == 2
        assert processes.memory(child) > 0
    finally:
        processes.end(child)
        os.waitpid(child, 0)
