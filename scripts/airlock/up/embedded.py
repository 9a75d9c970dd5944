"""`airlock up` without Docker and without root: sandboxes without a network, and a socket for the UI."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import UpError
from airlock.platforms import native
from airlock.tree import Trees
from airlock.up import health, images, secrets, services
from airlock.up.folder import Kept
from airlock.up.health import Health
from airlock.up.services import Unpacked
from airlock_spec.lab import API_HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.cli import Session
    from airlock.layout import LaidOutImage
    from airlock.process import Running
    from airlock.up.folder import UpFolder
    from airlock.up.result import Wanted

SECONDS = 300.0  # to be healthy in
_SHOWN = 15  # lines of a log


@dataclass
class Embedded:
    """One attempt to bring Airflow up in sandboxes."""

    session: Session
    folder: UpFolder
    wanted: Wanted
    started: float = 0.0
    keeper: Running | None = None

    def begin(self, lock: int) -> None:
        """Compose, open the sockets, and leave them, the lock and the trees to a keeper.

        Raises UpError, SandboxError, and what composing the images raises.
        """
        process.disinherit()
        with ExitStack() as stack:
            ui = stack.enter_context(listen(self.wanted.port))
            lab, own = self._images()
            self.started = time.monotonic()
            aws = stack.enter_context(_listen_unix(self.folder.aws))
            secrets.write_password(self.folder)
            self.folder.hosts.write_text(f"127.0.0.1\tlocalhost {API_HOST}\n", encoding="ascii")
            for descriptor in (lock, ui.fileno(), aws.fileno()):
                os.set_inheritable(descriptor, True)  # noqa: FBT003 - the function's own shape
            there, here = (stack.enter_context(self._unpacked(image)) for image in (lab, own))
            dags = self.session.project.absolute() / "dags"
            running = (
                services.aws(there, aws.fileno()),
                services.outside(there, self.folder),
                services.airflow(here, self.folder, dags, self.wanted.url, ui.fileno()),
            )
            self.folder.keep(Kept(None, self.wanted.url, running))
            command: list[str | Path] = [sys.executable, "-P", "-m", "airlock.up.keeper", self.folder.path]
            self.keeper = process.start_apart(command, log=self.folder.log("keeper"))

    def wait(self) -> float:
        """Wait until Airflow is healthy; return the seconds since it began. Raises UpError where it does not."""
        say = self.session.terminal.say
        say(f"Airflow is starting at {self.wanted.url} (log: {self.folder.log('airflow')}) …")
        found = health.wait(lambda: Health.ask(self.wanted.port), SECONDS, self._ended)
        if found.healthy:
            return time.monotonic() - self.started
        service = (self.folder.ended or ("airflow", 0))[0]
        raise UpError(
            f"Airflow did not get healthy: {found}",
            cause=f"the last that {service} said:\n{_tail(self.folder.log(service))}",
            remedy="to see all that it says: airlock up --foreground",
        )

    def _ended(self) -> str:
        assert self.keeper
        if self.keeper.poll() is None:
            return ""
        service, code = self.folder.ended or ("keeper", self.keeper.returncode)
        return f"{service} ended with exit code {code}"

    def _images(self) -> tuple[LaidOutImage, LaidOutImage]:
        lab = images.lab_config(self.session.project.absolute())
        own = self.session.config_for([native().name])
        made = [images.composed(self.session, one, offline=self.wanted.offline) for one in (lab, own)]
        return made[0], made[1]

    @contextlib.contextmanager
    def _unpacked(self, image: LaidOutImage) -> Iterator[Unpacked]:
        with Trees(self.session.places.trees, self.session.terminal).use(image) as tree:
            yield Unpacked(image, tree)


def listen(port: int) -> socket.socket:
    """Listen at a port of loopback. Raises UpError where somebody else does."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        raise UpError(
            f"port {port} of 127.0.0.1 cannot be had",
            cause=str(error.strerror or error),
            remedy=f"airlock up --port {port + 1 if port < 65535 else 8080}",  # noqa: PLR2004 - the last port
        ) from error


def _listen_unix(path: Path) -> socket.socket:
    """Listen at a path of any length: an address has room for 107 bytes (unix(7))."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_PATH)  # named by its descriptor, it takes few of them
    try:
        listening.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o600)
        listening.listen(128)
    finally:
        os.close(folder)
    return listening


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "(nothing)"
    return "\n".join(lines[-_SHOWN:]) or "(nothing)"
