"""The programs that can make a sandbox, and the command line of each."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock.farm import HOSTNAME
from airlock.inside import GID, UID, Folder, Inside, Link, Mount, ReadOnly, Tmpfs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Sandbox(Protocol):
    """Something that runs a command apart from this machine.

    No network but its own loopback, or that of whoever started it where `inside` says so; no processes but its own,
    no privileges, user 50000 and group 0. It ends with whoever started it, and its exit code is the command's.
    """

    @property
    def name(self) -> str: ...

    def command(self, inside: Inside, command: Sequence[str]) -> list[str]:
        """Return the command line that runs `command` as `inside` says.

        It is to be started with an empty environment, which process 1 of the sandbox would show.
        """
        ...


@dataclass(frozen=True)
class Bubblewrap:
    """bubblewrap (bwrap(1)), 0.5 or newer; its loopback interface is up."""

    program: Path

    @property
    def name(self) -> str:
        return str(self.program)

    def command(self, inside: Inside, command: Sequence[str]) -> list[str]:
        return [
            str(self.program), "--unshare-user", "--unshare-all", *(["--share-net"] if inside.network else []),
            "--die-with-parent", "--hostname", HOSTNAME,
            "--uid", str(UID), "--gid", str(GID), "--cap-drop", "ALL", "--clearenv",
            *(part for key, value in inside.env for part in ("--setenv", key, value)),
            "--ro-bind", str(inside.root), "/", "--proc", "/proc", "--dev", "/dev",
            *(part for mount in inside.mounts for part in _bubblewrap_mount(mount)),
            "--chdir", inside.workdir, "--", *command,
        ]  # fmt: skip


def _bubblewrap_mount(mount: Mount) -> tuple[str, ...]:
    match mount:
        case Tmpfs(target, mode):
            return ("--perms", f"{mode:o}", "--tmpfs", target)
        case Folder(target, mode):
            return ("--perms", f"{mode:o}", "--dir", target)
        case Link(target, to):
            return ("--symlink", to, target)
        case ReadOnly(source, target):
            return ("--ro-bind", str(source), target)


_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEV_LINKS = {
    "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}  # fmt: skip


@dataclass(frozen=True)
class Unshare:
    """util-linux (unshare(1), mount(8)), 2.36 or newer; loopback is up where `ip` (iproute2) is found.

    The mounts are made by a shell script as the root of one user namespace; the command runs in a second one
    below it, which has no power over them. The shell stays as process 1, which cannot be interrupted, so that
    the command is not.
    """

    program: Path
    setpriv: Path | None = None  # ends the sandbox with its parent
    ip: Path | None = None
    hostname: Path | None = None

    @property
    def name(self) -> str:
        return str(self.program)

    def command(self, inside: Inside, command: Sequence[str]) -> list[str]:
        script = "\n".join((*self._script(inside), self._last(inside, command), "exit $?"))
        return [
            *([str(self.setpriv), "--pdeathsig", "KILL"] if self.setpriv else []),
            str(self.program), "--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts",
            *([] if inside.network else ["--net"]),
            "--fork", "--kill-child", "--", "/bin/sh", "-c", script,
        ]  # fmt: skip

    def _script(self, inside: Inside) -> Iterator[str]:
        root = _mount_point(inside)
        yield "set -eu; PATH=/usr/sbin:/usr/bin:/sbin:/bin; umask 022"
        if self.ip and not inside.network:
            yield f"{_line(self.ip, 'link', 'set', 'lo', 'up')} || true"
        if self.hostname:
            yield f"{_line(self.hostname, HOSTNAME)} || true"
        yield _line("mount", "--rbind", inside.root, root)
        yield _read_only(root)
        yield _line("mount", "-t", "proc", "proc", f"{root}/proc")
        yield from _dev(f"{root}/dev")
        for mount in inside.mounts:
            yield from _shell_mount(root, mount)

    def _last(self, inside: Inside, command: Sequence[str]) -> str:
        env = (f"{key}={value}" for key, value in inside.env)
        return "set +e; " + _line(
            "env", "-i", *env, self.program, "--user", f"--map-user={UID}", f"--map-group={GID}",
            f"--root={_mount_point(inside)}", f"--wd={inside.workdir}", "--", *command,
        )  # fmt: skip


def _mount_point(inside: Inside) -> str:
    """Choose where the new root is mounted: a folder that every tree has, and that nothing is shown from.

    Mounted over itself, the tree would no longer show what is to be seen again in its tmpfs folders.
    """
    return f"{inside.root}/sys"


def _dev(dev: str) -> Iterator[str]:
    yield _line("mount", "-t", "tmpfs", "-o", "mode=755", "dev", dev)
    for name in _DEVICES:
        yield f"{_line('touch', f'{dev}/{name}')}; {_line('mount', '--bind', f'/dev/{name}', f'{dev}/{name}')}"
    yield _line("mkdir", f"{dev}/pts", f"{dev}/shm")
    yield _line("chmod", "1777", f"{dev}/shm")
    yield _line("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", f"{dev}/pts")
    for name, to in _DEV_LINKS.items():
        yield _line("ln", "-s", to, f"{dev}/{name}")


def _shell_mount(root: str, mount: Mount) -> Iterator[str]:
    place = f"{root}{mount.target}"
    match mount:
        case Tmpfs(_, mode):
            yield _line("mkdir", "-p", place)
            yield _line("mount", "-t", "tmpfs", "-o", f"mode={mode:o},nosuid,nodev", "tmpfs", place)
        case Folder(_, mode):
            yield _line("mkdir", "-p", "-m", f"{mode:o}", place)
        case Link(_, to):
            yield _line("ln", "-s", to, place)
        case ReadOnly(source, _):
            parent = place if source.is_dir() else str(Path(place).parent)
            yield _line("mkdir", "-p", parent)
            if not source.is_dir():
                yield f"[ -e {shlex.quote(place)} ] || {_line('touch', place)}"
            yield _line("mount", "--rbind", source, place)
            yield _read_only(place)


def _read_only(place: str) -> str:
    # nosuid and nodev must be said again where the host's own mount has them: they are locked
    return _line("mount", "-o", "remount,bind,ro,nosuid,nodev", place)


def _line(*words: str | Path) -> str:
    return shlex.join(str(word) for word in words)
