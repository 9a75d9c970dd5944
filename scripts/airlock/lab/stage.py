"""The process in the namespaces: it lays the wire, starts AWS, runs the command, and reports.

It is process 1 of its pid namespace: when it ends, everything that it started ends, and with that the network. It ends
when the command does, and when whoever started it is gone, however that came about.

Arguments: the descriptors of the tasks' network namespace, and of a socket to whoever started it.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from airlock import process, sandbox
from airlock.errors import AirlockError, LabError
from airlock.inside import ReadOnly, holds_program, inside
from airlock.lab import role, wire
from airlock.lab.ear import Ear
from airlock.lab.plan import AUTHORITY, RESOLV_CONF, Plan
from airlock.lab.report import Record
from airlock.lab.vpc import RESOLVER, TASK, Vpc
from airlock.lab.wire import NEAR, Tools, Wire
from airlock_spec.lab import API_HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airlock.up.services import Unpacked

SECONDS = 60.0  # for AWS to be seeded
SETTLING = 5.0  # seconds for the last packets to be taken down
NOT_FOUND = 127
_PLAIN = ("127.0.0.1", 5000)  # where AWS answers those who are not in the tasks' network
_LAST_LINE = b"-----END CERTIFICATE-----"
_SHOWN = 4000  # characters of a log
_NO_FILES = dict.fromkeys(("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"), os.devnull)  # of one's own keys
# Names of this machine are asked for by way of these, too, which no network namespace keeps out.
_OTHER_RESOLVERS = ("/run/systemd/resolve", "/run/nscd")


@dataclass
class Stage:
    """One network, from its making to its end."""

    plan: Plan
    tasks: int
    line: socket.socket
    folder: Path = field(init=False)
    record: Record = field(init=False)

    def __post_init__(self) -> None:
        self.folder = Path(self.plan.folder)
        self.record = Record(Vpc(self.plan.region, self.plan.services))

    def run(self) -> None:
        """Raise everything, run the command to its end, and say what it came to. Raises LabError, SandboxError."""
        process.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", self.folder])
        made = Wire(Tools.found(), self.record.vpc, self.tasks)
        made.lay()
        ear = Ear(self.record, NEAR, TASK)
        for serve in (
            wire.resolve(self.record.vpc, self.record),
            ear.serve,
            role.server().serve_forever,
        ):
            threading.Thread(target=serve, daemon=True).start()
        self._write("resolv.conf", f"nameserver {RESOLVER}\noptions timeout:2 attempts:2\n")
        self._write("hosts", f"127.0.0.1\tlocalhost {API_HOST}\n")
        lab = self.plan.lab.read()
        self._start_aws(lab)
        if self.plan.outside:
            self._start_outside(lab)
        command = self._in_the_image() if self.plan.image else self._of_this_machine(made.tools)
        self.say(ready=True)
        code = NOT_FOUND
        if command:
            running = made.start_inside(command, {} if self.plan.image else unlinked(os.environ))
            code = running.wait()
            ear.settle(SETTLING)
        report = self.record.report(ear.missed())
        self.say(code=code if code >= 0 else 128 - code, report=report.document())

    def say(self, **what: Any) -> None:
        self.line.sendall(json.dumps(what).encode() + b"\n")

    def _start_aws(self, lab: Unpacked) -> None:
        """Start AWS, and wait until it is seeded and answers; the authority's certificate comes by a pipe."""
        plain = socket.create_server(_PLAIN, backlog=128)
        secure = socket.create_server(("0.0.0.0", 443), backlog=512)  # noqa: S104 - the lab's own network
        reading, writing = os.pipe()
        names = ",".join((*self.record.vpc.hosts, "localhost"))
        numbers = (plain.fileno(), secure.fileno(), writing)
        words = [
            ("--fd", numbers[0]),
            ("--tls-fd", numbers[1]),
            ("--authority-fd", numbers[2]),
            ("--names", names),
        ]
        command = (*lab.entrypoint, "aws", *(str(part) for pair in words for part in pair))
        made = lab.service("aws", command, {"AWS_REGION": self.plan.region}, sockets=numbers)
        running = process.start_kept(made.command, log=self._log("aws"), sockets=numbers)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            authority = _within(lambda: b"".join(_until(pipe, _LAST_LINE)), SECONDS)
        if not authority:
            raise LabError(
                "the lab's AWS did not open",
                cause=self._said("aws") or f"exit code {running.poll()}",
                remedy="compose it anew: airlock --project lab image",
            )
        self._write("ca.pem", authority.decode())

    def _start_outside(self, lab: Unpacked) -> None:
        """Start what answers the outbox: it stands in the network that is AWS, and has the world as its own."""
        env = {**role.ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://{_PLAIN[0]}:{_PLAIN[1]}"}
        env |= {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab"}
        binds = (ReadOnly(self.folder / "hosts", "/etc/hosts"),)
        found = replace(inside(lab.image, lab.tree, env=env, binds=binds, host={}), network=True)
        command = sandbox.choose(found).command(found, (*lab.entrypoint, "outside", "--with-api"))
        process.start_kept(command, log=self._log("outside"))

    def _in_the_image(self) -> list[str]:
        """Return the command line in the image's sandbox; none where the image has no such program."""
        assert self.plan.image
        image = self.plan.image.read()
        binds = [ReadOnly(Path(source), target) for source, target in self.plan.binds]
        binds += [
            ReadOnly(self.folder / "resolv.conf", RESOLV_CONF),
            ReadOnly(self.folder / "ca.pem", AUTHORITY),
        ]
        env = environment(AUTHORITY) | self.plan.env
        found = replace(inside(image.image, image.tree, env=env, binds=binds), network=True)
        if not holds_program(found, self.plan.command[0]):
            sys.stderr.write(f"airlock: the image has no program {self.plan.command[0]} on its PATH\n")
            return []
        return sandbox.choose(found).command(found, self.plan.command)

    def _of_this_machine(self, tools: Tools) -> list[str]:
        """Return the command line of a program of this machine, which sees its files, and the lab's names."""
        lines = ["set -eu"]
        resolv_conf = Path(RESOLV_CONF).resolve()
        for place in filter(os.path.isdir, _OTHER_RESOLVERS):
            lines.append(f"mount -t tmpfs lab {place}")
            if resolv_conf.is_relative_to(place):
                lines.append(f"touch {shlex.quote(str(resolv_conf))}")
        if resolv_conf.exists():
            lines.append(shlex.join(["mount", "--bind", str(self.folder / "resolv.conf"), str(resolv_conf)]))
        uid, gid = self.plan.owner
        variables = environment(str(self.folder / "ca.pem")) | _NO_FILES | self.plan.env
        env = ["env", *(f"{name}={value}" for name, value in variables.items())]
        mapped = [str(tools.unshare), "--user", f"--map-user={uid}", f"--map-group={gid}", "--", *env]
        lines.append(f'exec {shlex.join(mapped)} "$@"')
        script = "\n".join(lines)
        return [str(tools.unshare), "--mount", "--", "/bin/sh", "-c", script, "sh", *self.plan.command]

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)

    def _log(self, service: str) -> Path:
        return self.folder / f"{service}.log"

    def _said(self, service: str) -> str:
        try:
            return self._log(service).read_text(encoding="utf-8", errors="replace").strip()[-_SHOWN:]
        except OSError:
            return ""


def environment(authority: str) -> dict[str, str]:
    """Return what a task on ECS finds in its environment, and whom it is to trust here."""
    trusting = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {**role.ENVIRONMENT, **dict.fromkeys(trusting, authority)}


def unlinked(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without its own account and ways: a task has its role's credentials, and no proxy."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }


def _until(pipe: IO[bytes], last: bytes) -> Iterator[bytes]:
    """Give lines up to a last one: the sandbox's own programs keep the pipe open, so that it has no end."""
    for line in pipe:
        yield line
        if line.strip() == last:
            return


def _within(read: Callable[[], bytes], seconds: float) -> bytes:
    """Return what is read to its end, or nothing where that takes longer."""
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(read()), daemon=True)
    reader.start()
    reader.join(seconds)
    return found[0] if found else b""


def _end_with(line: socket.socket) -> None:
    """End when the other side of the line has: nothing else is ever said on it."""
    line.recv(1)
    os._exit(1)


def main(tasks: int, line: socket.socket) -> int:
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)  # the command's business; to ignore them would be inherited
    with line.makefile("r", encoding="utf-8", buffering=1) as asked:
        stage = Stage(Plan.read(asked.readline()), tasks, line)
        threading.Thread(target=_end_with, args=(line,), daemon=True).start()
        try:
            stage.run()
        except AirlockError as error:
            stage.say(kind=type(error).__name__, fact=error.fact, cause=error.cause, remedy=error.remedy)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))))
