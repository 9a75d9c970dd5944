"""The filter's program, run by an interpreter of classic BPF as seccomp(2) describes it."""

from __future__ import annotations

import errno
import struct

import pytest

from airlock_probe import filters, kernel

ALLOW, NOTIFY, ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
MACHINES = [kernel._MACHINES[name] for name in ("x86_64", "aarch64")]
THREAD, PROCESS = 0x10000 | 0x100, 0x1200011  # flags of clone(2), as glibc gives them


def verdict(program: bytes, *, number: int, arch: int, first: int = 0) -> int:
    """Return what a program answers to a call."""
    data = struct.pack("iIQ6Q", number, arch, 0, first, 0, 0, 0, 0, 0)
    steps = list(struct.iter_unpack("HBBI", program))
    place = accumulator = 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("I", data, value)[0]
        elif code == 0x06:
            return int(value)
        else:
            true = accumulator == value if code == 0x15 else bool(accumulator & value)
            assert code in (0x15, 0x45)
            place += if_true if true else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_what_reaches_out_is_asked_about(machine: kernel.Machine) -> None:
    program = filters.notifying(machine)
    for number in (
        machine.connect,
        machine.sendto,
        machine.sendmsg,
        machine.sendmmsg,
        machine.writev,
        machine.kill,
    ):
        assert verdict(program, number=number, arch=machine.audit) == NOTIFY


@pytest.mark.parametrize("machine", MACHINES)
def test_processes_are_asked_about_and_threads_are_not(machine: kernel.Machine) -> None:
    program = filters.notifying(machine)
    assert verdict(program, number=machine.clone, arch=machine.audit, first=PROCESS) == NOTIFY
    assert verdict(program, number=machine.clone, arch=machine.audit, first=THREAD) == ALLOW
    assert verdict(program, number=machine.clone3, arch=machine.audit) == ERRNO | errno.ENOSYS
    for number in (machine.fork, machine.vfork):
        if number >= 0:
            assert verdict(program, number=number, arch=machine.audit) == NOTIFY


@pytest.mark.parametrize("machine", MACHINES)
def test_ways_around_a_filter_do_not_exist(machine: kernel.Machine) -> None:
    for program in (filters.notifying(machine), filters.refusing(machine)):
        assert verdict(program, number=machine.io_uring_setup, arch=machine.audit) == ERRNO | errno.ENOSYS
        assert verdict(program, number=machine.connect, arch=0x40000003) == ERRNO | errno.ENOSYS
        assert (
            verdict(program, number=machine.connect | 0x40000000, arch=machine.audit) == ERRNO | errno.ENOSYS
        )


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("family", "refused"), [(1, False), (2, True), (10, True), (16, False), (17, True), (40, True)]
)
def test_without_a_supervisor_no_socket_of_the_internet_is_made(
    machine: kernel.Machine, family: int, *, refused: bool
) -> None:
    answer = verdict(filters.refusing(machine), number=machine.socket, arch=machine.audit, first=family)
    assert answer == (ERRNO | errno.ENETUNREACH if refused else ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("family", "refused"), [(1, False), (2, False), (10, False), (17, True), (40, True)])
def test_with_a_supervisor_no_socket_is_made_whose_addresses_it_cannot_read(
    machine: kernel.Machine, family: int, *, refused: bool
) -> None:
    answer = verdict(filters.notifying(machine), number=machine.socket, arch=machine.audit, first=family)
    assert answer == (ERRNO | errno.ENETUNREACH if refused else ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
def test_all_else_is_allowed(machine: kernel.Machine) -> None:
    asked = {getattr(machine, name) for name in machine.__dataclass_fields__} - {
        machine.seccomp,
        machine.tgkill,
    }
    for number in set(range(450)) - asked:
        assert verdict(filters.notifying(machine), number=number, arch=machine.audit) == ALLOW
        assert verdict(filters.refusing(machine), number=number, arch=machine.audit, first=2) == ALLOW
