"""`airlock fetch` against a real server on this machine: an index, a mirror, and everything that goes wrong."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock.locks import airflow, debian
from airlock.locks.airflow import ANY, AirflowLock, LockedPackage
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.store import StoreFile
from web_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

BIG = bytes(range(256)) * 4096  # 1 MiB
USER = "me:secret"


@dataclass
class World(Served):
    """What the server has and the locks name."""

    wheels: list[LockedPackage] = field(default_factory=list)
    debs: list[LockedDeb] = field(default_factory=list)

    def wheel(
        self, name: str, content: bytes, served: bytes | None = None, *, hashed: bool = True
    ) -> StoreFile:
        digest = hashlib.sha256(content).hexdigest()
        file = StoreFile(f"{name}-1-py3-none-any.whl", len(content), digest)
        fragment = f"#sha256={digest}" if hashed else ""
        page = f'<a href="../../files/{file.filename}{fragment}">{file.filename}</a>'
        self.files[f"/simple/{name}/"] = page.encode()
        self.files[f"/files/{file.filename}"] = content if served is None else served
        self.wheels.append(LockedPackage(name, "1", ((ANY, file),)))
        return file

    def deb(self, name: str, content: bytes) -> StoreFile:
        path = f"pool/main/{name}/{name}_1_amd64.deb"
        digest = hashlib.sha256(content).hexdigest()
        deb = LockedDeb(name, "1", "linux/amd64", "amd64", "debian", path, len(content), digest)
        self.files[f"/mirror/debian/{path}"] = content
        self.debs.append(deb)
        return deb.file


@dataclass
class Server:
    world: World
    port: int
    folder: Path

    def fetch(self, *options: str, user: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        with self.start(*options, user=user, **variables) as running:
            out, err = running.communicate(timeout=60)
        return subprocess.CompletedProcess(running.args, running.returncode, out, err)

    def start(self, *options: str, user: str = "", **variables: str) -> subprocess.Popen[str]:
        """Start the command as a user would, in a project whose locks name what the world holds."""
        self._write_locks()
        credentials = f"{user}@" if user else ""
        root = Path(__file__).parents[2]
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
        environ = kept | {
            "HOME": str(self.folder),
            "PYTHONPATH": os.pathsep.join((f"{root}/scripts", f"{root}/scripts/airlock_spec")),
            "AIRLOCK_CACHE": str(self.folder / "airlock"),
            "AIRLOCK_DEBIAN_MIRROR": f"http://127.0.0.1:{self.port}/mirror",
            "UV_DEFAULT_INDEX": f"http://{credentials}127.0.0.1:{self.port}/simple",
        }
        command = [sys.executable, "-m", "airlock", "--project", "project", "fetch", *options]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=environ | variables, stdout=pipe, stderr=pipe, text=True
        )

    def _write_locks(self) -> None:
        constraints = self.folder / "project" / "constraints"
        constraints.mkdir(parents=True, exist_ok=True)
        (self.folder / "project" / "pyproject.toml").write_text("[tool.airlock]\n")
        platform = ("linux/amd64",)
        packages, debs = tuple(self.world.wheels), tuple(self.world.debs)
        lock = AirflowLock("3.13.5", "2.41", platform, "test", (), packages)
        (constraints / "airflow.lock").write_text(airflow.render(lock))
        lock_of_debs = DebianLock("trixie", platform, (), (), (), debs)
        (constraints / "debian.lock").write_text(debian.render(lock_of_debs))

    def held(self, file: StoreFile) -> bytes:
        return (self.folder / "airlock" / "store" / file.sha256 / file.filename).read_bytes()

    def partial(self) -> list[Path]:
        return sorted((self.folder / "airlock" / "downloads").iterdir())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    world = World()
    with serving(world) as port:
        yield Server(world, port, tmp_path)


def test_a_store_is_sealed_and_the_second_run_asks_nobody(server: Server) -> None:
    files = [
        server.world.wheel("one", b"1" * 1000),
        server.world.wheel("two", BIG),
        server.world.deb("dash", b"d"),
    ]
    first = server.fetch("--json")
    assert first.returncode == 0, first.stderr
    summary = json.loads(first.stdout)
    assert (summary["files"], summary["bytes"], summary["fetched"]) == (3, 1000 + len(BIG) + 1, 3)
    assert summary["store"] == str(server.folder / "airlock" / "store")
    assert [server.held(file) for file in files] == [b"1" * 1000, BIG, b"d"]
    asked = len(server.world.asked)
    second = server.fetch()
    assert (second.returncode, second.stdout, len(server.world.asked)) == (0, "", asked)
    assert second.stderr.startswith("sealed: 3 files, 1.0 MB (0 fetched, 0.0 MB, 0.0 s)")


def test_a_cut_connection_is_resumed_with_a_range(server: Server) -> None:
    file = server.world.wheel("two", BIG)
    server.world.cut[f"/files/{file.filename}"] = 600_000
    assert server.fetch().returncode == 0
    assert server.held(file) == BIG
    ranges = [wanted for path, wanted in server.world.asked if path.startswith("/files/")]
    assert ranges[0] == ""
    assert re.fullmatch(r"bytes=[1-9]\d*-", ranges[1])


def test_a_busy_server_is_asked_again(server: Server) -> None:
    file = server.world.wheel("one", b"1")
    server.world.busy = {"/simple/one/": 1, f"/files/{file.filename}": 2}
    assert server.fetch().returncode == 0
    assert server.held(file) == b"1"


def test_a_wrong_hash_is_refused_and_leaves_nothing(server: Server) -> None:
    file = server.world.wheel("bad", b"good", served=b"evil", hashed=False)
    done = server.fetch()
    assert done.returncode == 7
    assert f"the lock names {file.sha256}" in done.stderr
    assert server.partial() == []
    assert not (server.folder / "airlock" / "store" / file.sha256).exists()


def test_a_server_that_sends_too_much_is_cut_off(server: Server) -> None:
    server.world.wheel("bad", b"small", served=BIG)
    done = server.fetch()
    assert done.returncode == 7
    assert "has 1,048,576 bytes, the lock names a file of 5 bytes" in done.stderr
    assert server.partial() == []


def test_a_deb_that_the_mirror_dropped_says_what_to_do(server: Server) -> None:
    good = server.world.wheel("one", b"1")
    server.world.deb("dash", b"d")
    del server.world.files["/mirror/debian/pool/main/dash/dash_1_amd64.deb"]
    done = server.fetch()
    assert done.returncode == 7
    assert "Debian drops superseded versions" in done.stderr
    assert "airlock lock --upgrade dash" in done.stderr
    assert "Traceback" not in done.stderr
    assert server.held(good) == b"1"


@pytest.mark.parametrize("way", ["url", "netrc", "named"])
def test_credentials_open_an_index_and_its_files(way: str, server: Server) -> None:
    file = server.world.wheel("one", b"1")
    server.world.password = USER
    variables: dict[str, str] = {}
    if way == "netrc":
        (server.folder / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
        (server.folder / ".netrc").chmod(0o600)
    if way == "named":
        variables = {
            "UV_DEFAULT_INDEX": f"corp=http://127.0.0.1:{server.port}/simple",
            "UV_INDEX_CORP_USERNAME": "me",
            "UV_INDEX_CORP_PASSWORD": "secret",
        }
    done = server.fetch(user=USER if way == "url" else "", **variables)
    assert done.returncode == 0, done.stderr
    assert server.held(file) == b"1"


def test_wrong_credentials_are_told_without_showing_them(server: Server) -> None:
    server.world.wheel("one", b"1")
    server.world.password = USER
    done = server.fetch(user="me:wrong-secret")
    assert done.returncode == 7
    assert "wants other credentials (HTTP 401)" in done.stderr
    assert "wrong-secret" not in done.stderr


def test_an_unreachable_index_is_told_once_without_credentials(server: Server) -> None:
    for number in range(30):
        server.world.wheel(f"p{number}", b"x")
    done = server.fetch(UV_DEFAULT_INDEX="http://me:hidden-secret@127.0.0.1:9/simple")
    assert done.returncode == 7
    assert done.stderr.count("cannot be reached") == 1
    assert "hidden-secret" not in done.stderr


def test_an_index_and_find_links_on_disk_need_no_server(server: Server) -> None:
    indexed, linked = server.world.wheel("indexed", b"i"), server.world.wheel("linked", b"l")
    index, wheels = server.folder / "simple" / "indexed", server.folder / "wheels"
    index.mkdir(parents=True)
    wheels.mkdir()
    (index / indexed.filename).write_bytes(b"i")
    (index / "index.html").write_text(f'<a href="{indexed.filename}#sha256={indexed.sha256}">x</a>')
    (wheels / linked.filename).write_bytes(b"l")
    done = server.fetch(UV_DEFAULT_INDEX=index.parent.as_uri(), UV_FIND_LINKS=str(wheels))
    assert done.returncode == 0, done.stderr
    assert (server.held(indexed), server.held(linked)) == (b"i", b"l")
    assert server.world.asked == []


def test_two_at_once_fetch_each_file_once(server: Server) -> None:
    files = [server.world.wheel(f"p{number}", BIG + bytes([number])) for number in range(10)]
    with server.start() as one, server.start() as other:
        said = [running.communicate(timeout=60)[1] for running in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), said
    assert [server.held(file) for file in files] == [BIG + bytes([number]) for number in range(10)]
    assert sum(path.startswith("/files/") for path, _ in server.world.asked) == len(files)
    assert server.partial() == []


def test_an_interrupt_ends_at_once_and_keeps_the_partial_file(server: Server) -> None:
    file = server.world.wheel("two", BIG)
    server.world.stalled = threading.Event()
    with server.start() as running:
        while not any(path.startswith("/files/") for path, _ in server.world.asked):
            time.sleep(0.01)
        while not any(part.stat().st_size for part in server.partial()):
            time.sleep(0.01)
        start = time.monotonic()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert time.monotonic() - start < 5
    assert (running.returncode, "interrupted; what was finished is kept" in said) == (130, True)
    server.world.stalled.set()
    server.world.stalled = None
    assert server.fetch().returncode == 0
    assert server.held(file) == BIG
    assert server.world.asked[-1][1].startswith("bytes=")
