"""The first program that makes a sandbox is taken; where none does, it is told why and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from airlock import sandbox
from airlock.errors import CommandError, SandboxError
from airlock.inside import Folder, Inside, Link, ReadOnly, Tmpfs
from airlock.namespaces import Bubblewrap, Sandbox, Unshare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ONE = Bubblewrap(Path("/usr/bin/bwrap"))
TWO = Bubblewrap(Path("/bundled/bwrap"))
THREE = Unshare(Path("/usr/bin/unshare"))
MOUNTS = (
    Tmpfs("/home/it's", 0o750), Folder("/home/it's/logs", 0o770), Link("/home/it's/link", "x y"),
    ReadOnly(Path("/host/a b"), "/home/it's/b"),
)  # fmt: skip
INSIDE = Inside(Path("/trees/1"), MOUNTS, (("A", "b c"), ("PATH", "/opt/bin")), "/home/it's")


@dataclass
class FakeMachine:
    """Runs nothing: `says` maps a program to what it prints on stderr, "" for success, None for a missing one."""

    says: Mapping[str, str | None]
    settings: Mapping[str, str]

    def run(self, command: Sequence[str]) -> CompletedProcess[bytes]:
        said = self.says[command[0]]
        if said is None:
            raise CommandError(f"cannot start {command[0]}", cause="No such file or directory")
        return CompletedProcess(command, 1 if said else 0, b"", said.encode())

    def read(self, setting: str) -> str:
        return self.settings.get(setting, "")

    def choose(self, *possible: Sandbox) -> Sandbox:
        return sandbox.choose(INSIDE, possible, run=self.run, read=self.read)


def test_the_first_that_works_is_taken() -> None:
    machine = FakeMachine({ONE.name: "no", TWO.name: None, THREE.name: ""}, {})

    assert machine.choose(ONE, TWO, THREE) is THREE


def test_none_after_the_first_that_works_is_tried() -> None:
    assert FakeMachine({ONE.name: ""}, {}).choose(ONE, TWO, THREE) is ONE


def test_a_tree_without_true_is_tried_with_another_program() -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> CompletedProcess[bytes]:
        asked.append(command)
        return CompletedProcess(command, 0, b"", b"")

    sandbox.choose(INSIDE, [ONE], probe=("python3", "-c", ""), run=run)
    assert list(asked[0][-3:]) == ["python3", "-c", ""]


def test_where_none_works_each_is_quoted() -> None:
    machine = FakeMachine({ONE.name: "bwrap: Can't mount proc", TWO.name: None, THREE.name: "denied"}, {})

    with pytest.raises(SandboxError) as caught:
        machine.choose(ONE, TWO, THREE)

    assert caught.value.cause.splitlines() == [
        "/usr/bin/bwrap: bwrap: Can't mount proc",
        "/bundled/bwrap: No such file or directory",
        "/usr/bin/unshare: denied",
    ]
    assert "docker run --rm --network none" in caught.value.remedy


@pytest.mark.parametrize(
    ("setting", "value", "better"),
    [
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user.max_user_namespaces", "0", "10000"),
        ("kernel.unprivileged_userns_clone", "0", "1"),
    ],
)
def test_a_setting_that_forbids_it_is_named_with_its_remedy(setting: str, value: str, better: str) -> None:
    with pytest.raises(SandboxError) as caught:
        FakeMachine({ONE.name: "denied"}, {setting: value}).choose(ONE)

    assert f"{setting} is {value} here" in caught.value.cause
    assert caught.value.remedy.splitlines()[0] == f"sudo sysctl -w {setting}={better}"


def test_settings_that_allow_it_are_not_blamed() -> None:
    settings = {"kernel.apparmor_restrict_unprivileged_userns": "0", "user.max_user_namespaces": "9"}

    with pytest.raises(SandboxError) as caught:
        FakeMachine({ONE.name: "denied"}, settings).choose(ONE)

    assert "sysctl" not in str(caught.value)


def test_without_any_program_one_is_proposed() -> None:
    with pytest.raises(SandboxError) as caught:
        FakeMachine({}, {}).choose()

    assert caught.value.remedy.startswith("apt install bubblewrap")


def test_bubblewrap_is_told_everything() -> None:
    command = ONE.command(INSIDE, ["airflow", "version"])
    text = " ".join(command)

    for part in (
        "--unshare-all", "--die-with-parent", "--clearenv --setenv A b c", "--uid 50000 --gid 0", "--cap-drop ALL",
        "--ro-bind /trees/1 /", "--perms 750 --tmpfs /home/it's --perms 770 --dir /home/it's/logs",
        "--symlink x y /home/it's/link --ro-bind /host/a b /home/it's/b", "--chdir /home/it's -- airflow version",
    ):  # fmt: skip
        assert part in text


def test_what_the_shell_reads_is_quoted() -> None:
    script = THREE.command(INSIDE, ["airflow", "a b; c"])[-1].splitlines()

    assert script[-1] == "exit $?"
    assert "'a b; c'" in script[-2]
    assert "'A=b c'" in script[-2]
    assert """mount --rbind '/host/a b' '/trees/1/sys/home/it'"'"'s/b'""" in script


def test_unshare_ends_with_its_parent_where_setpriv_is_there() -> None:
    bound = Unshare(Path("/usr/bin/unshare"), setpriv=Path("/usr/bin/setpriv"))

    assert bound.command(INSIDE, ["true"])[:3] == ["/usr/bin/setpriv", "--pdeathsig", "KILL"]
    assert THREE.command(INSIDE, ["true"])[0] == "/usr/bin/unshare"


@pytest.mark.parametrize(
    "found", [ONE, Unshare(Path("/usr/bin/unshare"), ip=Path("/sbin/ip"))], ids=["bwrap", "unshare"]
)
def test_a_sandbox_has_a_network_of_its_own_unless_it_is_given_its_starters(found: Sandbox) -> None:
    alone, sharing = (found.command(replace(INSIDE, network=network), ["true"]) for network in (False, True))

    if isinstance(found, Bubblewrap):
        assert ("--share-net" in alone, "--share-net" in sharing) == (False, True)
    else:
        assert ("--net" in alone, "--net" in sharing) == (True, False)
        assert ("link set lo up" in alone[-1], "link set lo up" in sharing[-1]) == (True, False)
