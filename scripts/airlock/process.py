"""The only place that starts programs."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from airlock.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Arg = str | Path
Done = subprocess.CompletedProcess[bytes]
Running = subprocess.Popen[bytes]
TimeoutExpired = subprocess.TimeoutExpired


def find(*names: str) -> Path | None:
    """Find the first of `names` on PATH or where Debian keeps a root user's programs."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(program) for program in found if program), None)


def run(
    command: Sequence[Arg],
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
    apart: bool = False,
    inherited: Sequence[int] = (),
) -> Done:
    """Run a program to its end and capture what it prints; `apart` from this terminal, which it cannot type into.

    Raises CommandError where it cannot be started or, with `check`, where it fails.
    """
    try:
        done = subprocess.run(
            list(command),
            input=stdin,
            env=env,
            cwd=cwd,
            capture_output=True,
            check=False,
            start_new_session=apart,
            pass_fds=inherited,
            stdin=subprocess.DEVNULL if stdin is None else None,
        )
    except OSError as error:
        raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error
    if check and done.returncode:
        raise CommandError(
            f"{Path(command[0]).name} failed with exit code {done.returncode}",
            cause=done.stderr.decode(errors="replace").strip()[-4000:],
            remedy=f"to see it alone: {_shown(command)}",
        )
    return done


def _shown(command: Sequence[Arg]) -> str:
    """Return a command as it is typed; a program given as text is left out."""
    return shlex.join("…" if "\n" in str(argument) else str(argument) for argument in command)


def start(command: Sequence[Arg], *, env: Mapping[str, str] | None = None) -> Running:
    """Start a program that goes on beside this one; what it prints is captured."""
    try:
        return subprocess.Popen(list(command), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error


def serve(command: Sequence[Arg], *, env: Mapping[str, str], cwd: Path | None = None) -> Running:
    """Start a program that answers on stdout what it is asked on stdin, until that is closed."""
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(list(command), env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error


def start_kept(command: Sequence[Arg], *, log: Path, sockets: Sequence[int] = ()) -> Running:
    """Start a program with an empty environment that says all into `log`; it inherits the sockets, and no more."""
    with log.open("ab") as said:
        try:
            return subprocess.Popen(
                list(command),
                env={},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=sockets,
            )
        except OSError as error:
            raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error


def disinherit() -> None:
    """Leave what this program was given, but its three streams, to it alone.

    A pipe or a lock of whoever called it would else be held by what outlives it.
    """
    for path in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):  # the listing's own, which is closed
            if int(path.name) > 2:  # noqa: PLR2004 - stderr
                os.set_inheritable(int(path.name), False)  # noqa: FBT003 - the function's own shape


def start_apart(command: Sequence[Arg], *, log: Path) -> Running:
    """Start a program that outlives this one and its terminal; it inherits every inheritable descriptor."""
    with log.open("ab") as said:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            close_fds=False,
            start_new_session=True,
        )


def start_shown(command: Sequence[Arg], *, inherited: Sequence[int] = ()) -> Running:
    """Start a program that talks to the people at this terminal; it inherits these descriptors, and no more."""
    try:
        return subprocess.Popen(list(command), stdin=subprocess.DEVNULL, stdout=2, pass_fds=inherited)
    except OSError as error:
        raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error


def attend(
    command: Sequence[Arg],
    *,
    env: Mapping[str, str] | None = None,
    inherited: Sequence[int] = (),
    captured: bool = False,
) -> Running:
    """Start a program that has this one's streams, and may be typed into; `captured`: but its stdout is a pipe."""
    try:
        return subprocess.Popen(
            list(command), env=env, pass_fds=inherited, stdout=subprocess.PIPE if captured else None
        )
    except OSError as error:
        raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error


def show(command: Sequence[Arg], *, env: Mapping[str, str] | None = None) -> int:
    """Run a program to its end that talks to the people at this terminal; return its exit code."""
    try:
        done = subprocess.run(list(command), env=env, stdin=subprocess.DEVNULL, stdout=2, check=False)
    except OSError as error:
        raise CommandError(f"cannot start {command[0]}", cause=str(error)) from error
    return done.returncode


def replace_this(command: Sequence[Arg], env: Mapping[str, str]) -> NoReturn:
    """Become another program, which then owns this terminal, signals and exit code."""
    arguments = [str(argument) for argument in command]
    os.execvpe(arguments[0], arguments, env)  # noqa: S606
