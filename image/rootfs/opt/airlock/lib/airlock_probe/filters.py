"""The seccomp filter under which Airflow and DAG files are imported: nothing leaves the process unseen.

Classic BPF, written by hand for a handful of calls (seccomp(2), "Filtering system calls").
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock_probe.kernel import Machine

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _NOTIFY, _ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000  # calls of the x32 ABI have it in their number
_CLONE_THREAD = 0x00010000
_NAMED = (2, 10)  # AF_INET, AF_INET6: what is asked about
_NAMELESS = (17, 40)  # AF_PACKET, AF_VSOCK: they lead out, too, and no address of theirs is read


def notifying(machine: Machine) -> bytes:
    """Return a filter that asks a supervisor about what could reach out, start a process or end another.

    io_uring, whose calls no filter sees, and clone3, whose flags no filter sees, do not exist: libraries then do
    as on an older kernel. Calls of another ABI fail.
    """
    asked = (
        machine.connect,
        machine.sendto,
        machine.sendmsg,
        machine.sendmmsg,
        machine.writev,  # what gRPC asks for names with
        machine.fork,
        machine.vfork,
        machine.kill,
    )
    return _program(
        machine,
        [
            *_each([machine.io_uring_setup, machine.clone3], _ERRNO | errno.ENOSYS),
            *_each([number for number in asked if number >= 0], _NOTIFY),
            # threads are made without a question
            _step(_EQUAL, machine.clone, 0, 3),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_ANY_BIT, _CLONE_THREAD, 1, 0),
            _step(_RETURN, _NOTIFY),
            *_sockets(machine, _NAMELESS),
        ],
    )


def refusing(machine: Machine) -> bytes:
    """Return a filter that makes no socket of the internet's families, and asks nobody."""
    return _program(
        machine,
        [
            *_each([machine.io_uring_setup], _ERRNO | errno.ENOSYS),
            *_sockets(machine, (*_NAMED, *_NAMELESS)),
        ],
    )


def _sockets(machine: Machine, families: Iterable[int]) -> list[bytes]:
    """Return what makes no socket of some families; it comes last, for it loads what no other step looks at."""
    refused = _each(families, _ERRNO | errno.ENETUNREACH)
    return [
        _step(_EQUAL, machine.socket, 0, len(refused) + 1),
        _step(_LOAD, _FIRST_ARGUMENT),
        *refused,
    ]


def _program(machine: Machine, body: Iterable[bytes]) -> bytes:
    head = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
        _step(_LOAD, _NUMBER),
        _step(_ANY_BIT, _X32, 0, 1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    return b"".join([*head, *body, _step(_RETURN, _ALLOW)])


def _each(values: Iterable[int], verdict: int) -> list[bytes]:
    """Return `verdict` where the accumulator holds one of the values."""
    return [step for value in values for step in (_step(_EQUAL, value, 0, 1), _step(_RETURN, verdict))]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
