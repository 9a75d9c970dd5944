"""System calls that Python does not offer, by ctypes: seccomp(2), prctl(2), tgkill(2)."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from dataclasses import dataclass

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

NO_NEW_PRIVS, CHILD_SUBREAPER, PARENT_DEATH_SIGNAL = 38, 36, 1  # prctl(2)
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
# What <linux/seccomp.h> makes of _IOWR('!', number, struct).
NOTIFICATION, ANSWER = 0xC0502100, 0xC0182101
NOTIFICATION_SIZE = 80
CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE


@dataclass(frozen=True)
class Machine:
    """Numbers of system calls of one machine; -1 where it has none of that name."""

    audit: int  # AUDIT_ARCH_*
    seccomp: int
    tgkill: int
    kill: int
    socket: int
    connect: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    writev: int
    clone: int
    fork: int
    vfork: int
    clone3: int = 435
    io_uring_setup: int = 425


_MACHINES = {
    "x86_64": Machine(0xC000003E, 317, 234, 62, 41, 42, 44, 46, 307, 20, 56, 57, 58),
    "aarch64": Machine(0xC00000B7, 277, 131, 129, 198, 203, 206, 211, 269, 66, 220, -1, -1),
}


def machine() -> Machine | None:
    """Return this machine's numbers; None where they are not known here."""
    return _MACHINES.get(platform.machine())


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process. Raises OSError."""
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise _error("prctl")


def install(program: bytes, *, listener: bool) -> int:
    """Install a seccomp filter for this thread and what it starts; return the listener's descriptor, or 0.

    Raises OSError where the kernel, or a filter around this process, refuses.
    """
    known = machine()
    assert known is not None
    prctl(NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(program, len(program))
    shape = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    flags = _NEW_LISTENER if listener else 0
    return _call(known.seccomp, _SET_MODE_FILTER, flags, ctypes.addressof(shape))


def signal_thread(process: int, thread: int, number: int) -> bool:
    """Send a signal to one thread; False where it is gone."""
    known = machine()
    assert known is not None
    try:
        _call(known.tgkill, process, thread, number)
    except OSError:
        return False
    return True


def _call(number: int, *arguments: int) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)))
    if result < 0:
        raise _error(f"system call {number}")
    return result


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
