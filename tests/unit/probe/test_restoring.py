"""What one file changed is not there for the next."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

from airlock_probe.restoring import State

LIBRARY = Path(__file__).parents[3] / "image/rootfs/opt/airlock/lib"
CHANGES = {
    "a builtin": ("import builtins; builtins.gained = 1", "hasattr(builtins, 'gained')"),
    "a module made by hand": (
        "sys.modules['gained'] = types.ModuleType('gained')",
        "'gained' in sys.modules",
    ),
    "a module of a folder that was added": (
        "sys.path.insert(0, os.environ['ELSEWHERE']); import gained",
        "'gained' in sys.modules",
    ),
    "signals that are blocked": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])",
        "signal.pthread_sigmask(signal.SIG_BLOCK, [])",
    ),
}


@pytest.mark.parametrize(("change", "seen"), CHANGES.values(), ids=list(CHANGES))
def test_a_change_is_taken_back_or_a_fresh_process_is_wanted(change: str, seen: str, tmp_path: Path) -> None:
    (tmp_path / "gained.py").write_text("", encoding="utf-8")
    code = f"""
import builtins, os, signal, sys, types
from airlock_probe.restoring import State
state = State.taken("/opt/airflow/dags")
{change}
assert {seen}
restored = state.restored()
assert not restored or not {seen}
"""
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY), "ELSEWHERE": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_a_module_of_the_image_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State.taken("/opt/airflow/dags")
    module = types.ModuleType("gained")
    module.__file__ = "/opt/venv/lib/gained.py"
    monkeypatch.setitem(sys.modules, "gained", module)
    assert state.restored()
    assert "gained" in sys.modules
    assert not hasattr(builtins, "gained")
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
