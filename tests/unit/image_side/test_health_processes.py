"""Processes as /proc shows them, from a folder of the same form."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock_runtime import components, processes
from airlock_runtime.components import API_SERVER, DAG_PROCESSOR, SCHEDULER, STANDALONE, WORKER
from airlock_runtime.processes import Process

if TYPE_CHECKING:
    from pathlib import Path

    from airlock_runtime.components import Component

TICKS = os.sysconf("SC_CLK_TCK")
PYTHON = "/opt/venv/bin/python\0/opt/venv/bin/airflow\0"


def write(
    proc: Path, pid: int, parent: int, command: str, *, state: str = "S", start: float = 1, used: float = 0
) -> None:
    """Write what proc(5) says of a process; its name has what a careless reader trips over."""
    fields = [
        state,
        str(parent),
        *["0"] * 9,
        str(int(used * TICKS)),
        "0",
        *["0"] * 6,
        str(int(start * TICKS)),
    ]
    for folder in (proc / str(pid), proc / str(pid) / "task" / str(pid)):
        folder.mkdir(parents=True)
        (folder / "stat").write_text(f"{pid} (a) b (c) {' '.join(fields)} 0 0\n", encoding="utf-8")
    (proc / str(pid) / "cmdline").write_text(command, encoding="utf-8")


def process(command: str, *, pid: int = 7, state: str = "S") -> Process:
    return Process(pid, 1, state, 1.0, tuple(command.replace("\0", " ").split()))


def test_a_process_is_read_with_its_state_parent_start_and_words(tmp_path: Path) -> None:
    write(tmp_path, 7, 1, f"{PYTHON}scheduler\0", state="T", start=12.5)

    found = processes.read(7, str(tmp_path))

    assert found == Process(7, 1, "T", 12.5, ("/opt/venv/bin/python", "/opt/venv/bin/airflow", "scheduler"))
    assert found.stopped
    assert processes.read(8, str(tmp_path)) is None


def test_this_process_is_found_among_all() -> None:
    [own] = [one for one in processes.every() if one.pid == os.getpid()]

    assert own.parent == os.getppid()
    assert own.state == "R"
    assert 0 < own.started <= processes.since_boot()
    assert processes.main_thread_seconds(own.pid) > 0
    assert "PATH" in (processes.environment(own.pid) or {})


def test_all_come_oldest_first(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    for pid, start in ((9, 3), (10, 2), (11, 2)):
        write(tmp_path, pid, 1, "x\0", start=start)

    assert [one.pid for one in processes.every(str(tmp_path))] == [10, 11, 9]


def test_time_is_of_the_main_thread_or_of_a_whole_family(tmp_path: Path) -> None:
    write(tmp_path, 7, 1, "a\0", start=1, used=2)
    write(tmp_path, 8, 7, "a\0", start=2, used=3)
    write(tmp_path, 9, 8, "a\0", start=3, used=4)
    write(tmp_path, 10, 1, "b\0", start=4, used=50)
    everything = processes.every(str(tmp_path))

    assert processes.main_thread_seconds(7, str(tmp_path)) == 2
    assert processes.family_seconds(7, everything, str(tmp_path)) == 9
    assert processes.main_thread_seconds(99, str(tmp_path)) == 0


def test_time_that_was_waited_for_counts_where_the_kernel_tells(tmp_path: Path) -> None:
    write(tmp_path, 7, 1, "a\0", used=2)
    (tmp_path / "7" / "task" / "7" / "schedstat").write_text("2000000000 3500000000 12\n", encoding="utf-8")

    assert processes.main_thread_seconds(7, str(tmp_path)) == 5.5


@pytest.mark.parametrize(
    ("command", "component"),
    [
        (f"{PYTHON}scheduler", SCHEDULER),
        (f"{PYTHON}scheduler\0--num-runs\0001", SCHEDULER),
        ("/usr/bin/python3\0-m\0airflow\0dag-processor", DAG_PROCESSOR),
        ("airflow api_server -- host:0.0.0.0 port:8080", API_SERVER),
        (f"{PYTHON}api-server", API_SERVER),
        ("gunicorn: master [airflow]", API_SERVER),
        (f"{PYTHON}celery\0worker", WORKER),
        ("[celeryd: celery@host:MainProcess] -active- (celery worker)", WORKER),
        ("[celeryd: celery@host:ForkPoolWorker-1]", None),
        (f"{PYTHON}standalone", STANDALONE),
        (f"{PYTHON}jobs\0check\0--job-type\0scheduler", None),
        (f"{PYTHON}celery\0stop", None),
        ("airflow serve-logs", None),
        ("airflow worker -- LocalExecutor: <idle>", None),
        ("bash\0-c\0airflow scheduler", None),
        ("/usr/bin/dumb-init\0--\0/entrypoint\0scheduler", None),
        ("/usr/bin/python3\0-IS\0/usr/local/bin/airlock-health\0scheduler", None),
        ("", None),
    ],
)
def test_a_component_is_known_by_its_command_or_title(command: str, component: Component | None) -> None:
    assert components.of(process(command)) is component


def test_the_oldest_process_of_a_component_is_it_and_an_ended_one_is_not() -> None:
    ended = process(f"{PYTHON}scheduler", pid=5, state="Z")
    first, fork = (process(f"{PYTHON}scheduler", pid=pid) for pid in (7, 70))

    assert components.running([ended, first, fork]) == {SCHEDULER: first}
    assert components.running([ended]) == {}


@pytest.mark.parametrize(
    ("command", "component"),
    [
        ("/usr/bin/dumb-init -- /entrypoint scheduler", SCHEDULER),
        ("/sbin/docker-init -- /usr/bin/dumb-init -- /entrypoint celery worker -q a", WORKER),
        ("/usr/bin/dumb-init -- /entrypoint airflow standalone", STANDALONE),
        ("bash -c exec airflow dag-processor", DAG_PROCESSOR),
        ("/usr/bin/dumb-init -- /entrypoint bash", None),
        ("/pause", None),
    ],
)
def test_process_1_tells_what_its_container_is_for(command: str, component: Component | None) -> None:
    assert components.asked_for(command.split()) is component


@pytest.mark.parametrize(
    ("words", "component"),
    [(["worker"], WORKER), (["celery", "worker"], WORKER), (["api-server"], API_SERVER), (["celery"], None)],
)
def test_a_component_has_the_names_that_people_give_it(words: list[str], component: Component | None) -> None:
    assert components.named(words) is component


def test_variables_that_a_title_was_written_over_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    for text, known in (
        (b"PATH=/bin\0A=b=c\0", {"PATH": "/bin", "A": "b=c"}),
        (b" host:0.0.0.0 port:8080\0\0\0", None),
        (b"-active- (worker --queues=a)\0\0\0", None),
    ):
        (tmp_path / "7" / "environ").write_bytes(text)
        assert processes.environment(7, str(tmp_path)) == known
