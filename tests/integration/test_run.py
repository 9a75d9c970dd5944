"""`airlock run` in real sandboxes: nothing goes out, nothing of this machine comes in, all is read-only."""

from __future__ import annotations

import os
import pty
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process, sandbox
from airlock.inside import ReadOnly, inside
from airlock.layout import read_image
from airlock.namespaces import Bubblewrap, Sandbox, Unshare
from airlock.platforms import AMD64, native
from airlock.terminal import Terminal
from airlock.tree import Trees
from busybox import write_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from airlock.inside import Inside

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or native() != AMD64,
    reason="the image is of this machine's busybox, called amd64",
)


@dataclass(frozen=True)
class Project:
    """A project with a composed image, and `airlock run` in it."""

    folder: Path
    cache: Path

    def command(self, *arguments: str) -> list[str | Path]:
        return [sys.executable, "-m", "airlock", "--project", self.folder, "run", *arguments]

    @property
    def env(self) -> dict[str, str]:
        paths = os.pathsep.join(sys.path)
        return os.environ | {
            "AIRLOCK_CACHE": str(self.cache),
            "AIRLOCK_SECRET": "secret",
            "PYTHONPATH": paths,
        }

    def run(self, *arguments: str, stdin: bytes | None = None) -> CompletedProcess[bytes]:
        return process.run(self.command(*arguments), env=self.env, check=False, stdin=stdin)

    def text(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text('[tool.airlock]\nname = "example/tiny"\n')
    write_image(folder / "build/image")
    return Project(folder, tmp_path_factory.mktemp("cache"))


@dataclass(frozen=True)
class Here:
    """One kind of sandbox, and what is to be found inside."""

    sandbox: Sandbox
    inside: Inside

    def run(self, script: str) -> CompletedProcess[bytes]:
        return process.run(self.sandbox.command(self.inside, ["sh", "-c", script]), env={}, check=False)

    def text(self, script: str) -> str:
        done = self.run(script)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture(params=[Bubblewrap, Unshare], ids=["bubblewrap", "unshare"])
def here(request: pytest.FixtureRequest, project: Project, tmp_path: Path) -> Iterator[Here]:
    """Give each kind of sandbox that this machine can make."""
    image = read_image(project.folder / "build/image", AMD64)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/one.py").write_text("one")
    binds = [ReadOnly(tmp_path / "dags", "/opt/airflow/dags"), ReadOnly(tmp_path / "dags/one.py", "/tmp/a/b")]  # noqa: S108
    with Trees(project.cache / "trees", Terminal(quiet=True)).use(image) as tree:
        found = inside(
            image, tree, env={"MINE": "a b'c"}, binds=binds, host={"TERM": "dumb", "SECRET": "secret"}
        )
        for candidate in sandbox.candidates():
            done = process.run(candidate.command(found, ["true"]), env={}, check=False)
            if isinstance(candidate, request.param) and done.returncode == 0:
                yield Here(candidate, found)
                return
    pytest.skip("this machine cannot make it")


def test_the_environment_is_the_images(here: Here) -> None:
    found = dict(line.split("=", 1) for line in here.text("env").splitlines())

    assert {key: value for key, value in found.items() if key not in {"PWD", "SHLVL"}} == {
        "PATH": "/bin", "AIRFLOW_HOME": "/opt/airflow", "HOME": "/home/airflow", "TERM": "dumb", "MINE": "a b'c"
    }  # fmt: skip
    assert here.text("pwd") == "/opt/airflow\n"


def test_no_process_inside_shows_this_machines_environment(here: Here) -> None:
    assert "PATH=/" not in here.run("cat /proc/1/environ").stdout.decode()


def test_the_user_is_the_images_and_has_no_privileges(here: Here) -> None:
    assert here.text("id -u; id -g; grep CapEff /proc/self/status").split() == [
        "50000",
        "0",
        "CapEff:",
        "0" * 16,
    ]


def test_only_loopback_is_there(here: Here) -> None:
    assert [line.split(":")[1].strip() for line in here.text("ip -o link").splitlines()] == ["lo"]
    assert here.text("cat /proc/net/route").count("\n") == 1
    assert "unreachable" in here.run("nc -w 2 192.0.2.1 80").stderr.decode()


def test_only_its_own_processes_are_seen(here: Here) -> None:
    assert len([name for name in here.text("ls /proc").split() if name.isdigit()]) < 6


@pytest.mark.parametrize(
    "path", ["/x", "/bin/new", "/etc/passwd", "/opt/airflow/airflow.cfg", "/opt/airflow/dags/x"]
)
def test_the_image_and_what_is_bound_cannot_be_written_to(here: Here, path: str) -> None:
    assert "Read-only file system" in here.run(f"echo >> {path}").stderr.decode()


@pytest.mark.parametrize("folder", ["/tmp", "/run", "/opt/airflow", "/opt/airflow/logs", "/dev/shm"])  # noqa: S108
def test_scratch_folders_can_be_written_to_and_are_forgotten(here: Here, folder: str) -> None:
    assert here.text(f"cd {folder} && touch x && ls x") == "x\n"
    assert here.run(f"ls {folder}/x").returncode == 1


def test_the_images_home_and_the_binds_are_seen(here: Here) -> None:
    assert here.text("cat airflow.cfg dags/one.py /tmp/a/b; ls") == "[core]\noneoneairflow.cfg\ndags\nlogs\n"


def test_devices_work(here: Here) -> None:
    assert here.text("echo x > /dev/null; cat /dev/fd/0 < /etc/hosts").startswith("127.0.0.1")


@pytest.mark.parametrize(("script", "code"), [("exit 42", 42), ("kill -TERM $$", 143), ("true", 0)])
def test_the_exit_code_is_the_commands(here: Here, script: str, code: int) -> None:
    assert here.run(script).returncode == code


def test_it_ends_with_its_parent(here: Here, tmp_path: Path) -> None:
    marker = f"3{time.time_ns() % 10**7}"
    command = here.sandbox.command(here.inside, ["sleep", marker])
    parent = os.fork()
    if parent == 0:
        os.setpgid(0, 0)
        if os.fork() == 0:
            os.execve(command[0], command, {})  # noqa: S606 - as a shell would
        time.sleep(60)
    wait_for(lambda: running(marker))

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)

    wait_for(lambda: not running(marker))


def test_run_prints_what_the_command_prints_alone(project: Project) -> None:
    done = project.run("--env", "A=b", "--", "sh", "-c", "echo $A; env | grep -c SECRET; exit 3")

    assert (done.returncode, done.stdout) == (3, b"b\n0\n")


def test_run_takes_options_of_the_command_as_they_are(project: Project) -> None:
    assert project.text("--", "ls", "-d", "/bin") == project.text("ls", "-d", "/bin") == "/bin\n"


def test_run_passes_on_what_it_is_given(project: Project) -> None:
    assert project.run("--", "cat", stdin=b"hello").stdout == b"hello"


def test_run_without_a_command_wants_a_terminal(project: Project) -> None:
    done = project.run()

    assert (done.returncode, done.stdout) == (2, b"")
    assert "name a COMMAND" in done.stderr.decode()


@pytest.mark.parametrize("options", [("--env", "A"), ("--bind", "/nowhere")])
def test_run_refuses_options_out_of_shape(project: Project, options: tuple[str, str]) -> None:
    assert project.run(*options, "--", "true").returncode == 2


def test_run_refuses_a_bind_without_a_place(project: Project) -> None:
    done = project.run("--bind", "/etc:/new", "--", "true")

    assert done.returncode == 12
    assert "choose a path" in done.stderr.decode()


def test_run_without_an_image_asks_for_it(project: Project, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.airlock]\n")
    done = Project(tmp_path, project.cache).run("--", "true")

    assert done.returncode == 16
    assert "airlock image" in done.stderr.decode()


def test_ctrl_c_ends_the_command(project: Project) -> None:
    marker = f"4{time.time_ns() % 10**7}"
    project.text("--", "true")
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [str(word) for word in project.command("--", "sleep", marker)], project.env)  # noqa: S606
    wait_for(lambda: running(marker))

    os.write(terminal, b"\x03")

    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {130, -signal.SIGINT}
    wait_for(lambda: not running(marker))


def running(marker: str) -> bool:
    """Whether any process has this argument of its own."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", marker.encode()]:
            return True
    return False


def wait_for(what: object) -> None:
    assert callable(what)
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end, "it did not happen in 10 s"
        time.sleep(0.05)


def test_a_program_that_the_image_lacks_is_exit_code_127(project: Project) -> None:
    done = process.run(project.command("--", "no-such-program"), env=project.env, check=False)
    assert (done.returncode, done.stdout) == (127, b"")
    assert b"the image has no program no-such-program on its PATH" in done.stderr
