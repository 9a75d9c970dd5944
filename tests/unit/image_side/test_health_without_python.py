"""airlock-health asks an api-server that an earlier check found, without starting Python."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock_runtime import api
from airlock_runtime.api import Address
from airlock_runtime.memory import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[3] / "image/rootfs/usr/local/bin/airlock-health"
SERVER = """
import http.server, time

class Version(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(2 if self.path == "/slow" else 0)
        self.send_response(200 if self.path in ("/api/v2/version", "/slow") else 404)
        self.end_headers()
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Version)
print(server.server_port, flush=True)
server.serve_forever()
"""
BY_PYTHON = "by Python api-server"


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    running = process.start([sys.executable, "-c", SERVER])
    assert running.stdout
    yield running.stdout.readline().decode().strip()
    running.terminate()
    running.communicate()


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return tmp_path / f"airlock-health-api-server-{os.geteuid()}"


def said(facts: Path, *words: str) -> str:
    """Run the command with its facts in the test's folder, and a word in the place of Python."""
    text, times = re.subn(
        "in /tmp /dev/shm;", f"in {facts.parent}/missing {facts.parent};", SCRIPT.read_text()
    )
    text, more = re.subn("/usr/bin/python3 -IS -c '[^']*'", "echo by Python", text)
    assert (times, more) == (1, 1)
    done = process.run(["bash", "-c", text, "airlock-health", *words], check=False)
    assert done.stderr == b""
    return done.stdout.decode().strip()


def test_who_answers_is_healthy_and_the_next_check_knows_when_he_did(port: str, facts: Path) -> None:
    facts.write_text(f"pid=7@1.00\nnewer_at=5.0\nbeat=1.000\nask=127.0.0.1 {port} /api/v2/version\n")

    assert said(facts, "api-server") == "healthy: api-server, last answer 0.0 s ago"

    known = dict(line.partition("=")[::2] for line in facts.read_text().splitlines())
    assert float(known["beat"]) > 1_000_000_000
    assert (known["pid"], known["newer_at"]) == ("7@1.00", "")


def test_without_an_earlier_check_python_judges(facts: Path) -> None:
    assert said(facts, "api-server") == BY_PYTHON


@pytest.mark.parametrize("where", ["127.0.0.1 1 /api/v2/version", ""])
def test_who_cannot_be_asked_is_judged_by_python(facts: Path, where: str) -> None:
    facts.write_text(f"pid=7@1.00\nask={where}\n")

    assert said(facts, "api-server") == BY_PYTHON


@pytest.mark.parametrize("path", ["/missing", "/slow"])
def test_who_gives_another_answer_or_none_at_once_is_judged_by_python(
    port: str, facts: Path, path: str
) -> None:
    facts.write_text(f"ask=127.0.0.1 {port} {path}\n")

    assert said(facts, "api-server") == BY_PYTHON


@pytest.mark.parametrize("words", [["scheduler"], ["api-server", "--json"], []])
def test_all_else_is_for_python(port: str, facts: Path, words: list[str]) -> None:
    facts.write_text(f"ask=127.0.0.1 {port} /api/v2/version\n")

    assert said(facts, *words) == " ".join(["by Python", *words])


def test_a_file_that_is_not_its_own_is_not_believed(port: str, facts: Path) -> None:
    other = facts.with_name("other")
    other.write_text(f"ask=127.0.0.1 {port} /api/v2/version\n")
    facts.symlink_to(other)

    assert said(facts, "api-server") == BY_PYTHON


def test_python_has_its_turn_before_the_file_is_longer_than_it_reads(port: str, facts: Path) -> None:
    facts.write_text(f"pid=7@1.00\nstarted=1800000000.000\nask=127.0.0.1 {port} /api/v2/version\n")

    answers = {said(facts, "api-server") for _ in range(45)}

    assert BY_PYTHON in answers
    assert facts.stat().st_size < LIMIT / 2


def test_only_plain_http_is_spoken_without_python() -> None:
    assert (
        api.asked_by_bash(Address("127.0.0.1", 8080, "/api/v2/version", encrypted=False))
        == "127.0.0.1 8080 /api/v2/version"
    )
    assert api.asked_by_bash(Address("127.0.0.1", 8080, "/api/v2/version", encrypted=True)) == ""
    assert api.asked_by_bash(Address("127.0.0.1", 8080, "/a b/api/v2/version", encrypted=False)) == ""
