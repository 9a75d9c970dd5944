"""The capture never enters or changes this machine's own network namespace."""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("network namespaces are Linux's", allow_module_level=True)

from capture.namespaces import OURS, Namespace, Namespaces, silence

OWN = Path("/proc/self/ns/net")


def test_the_machines_namespace_is_not_silenced() -> None:
    # The interface is none, so that a guard that is gone changes nothing either.
    with pytest.raises(RuntimeError, match="the machine's own"):
        silence("no-such-interface", IPv4Network("192.0.2.0/24"))


def test_the_machines_namespace_is_not_entered() -> None:
    with pytest.raises(ValueError, match="this machine's own"):
        Namespace(OWN.stat().st_ino, os.getpid(), "a" * 64).enter()


def test_the_machines_namespace_is_no_containers_though_a_cgroup_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid, target in (("7", OWN), ("8", tmp_path / "another")):
        (tmp_path / pid / "ns").mkdir(parents=True)
        target.touch() if target != OWN else None
        (tmp_path / pid / "ns" / "net").symlink_to(target)
        (tmp_path / pid / "cgroup").write_text(f"0::/docker/{'a' * 64}\n")
    monkeypatch.setattr("capture.namespaces.PROC", tmp_path)

    found = Namespaces().new()

    assert OWN.stat().st_ino == OURS
    assert [namespace.pid for namespace in found] == [8]
