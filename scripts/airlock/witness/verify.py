"""`airlock lock --verify`: the intent resolved again by pip-tools, from the sealed store, without a network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from airlock.compose.interpreter import packages
from airlock.errors import LockError
from airlock.locks import intent, staleness
from airlock.locks.uv import input_files
from airlock.platforms import native
from airlock.store import Store
from airlock.witness import requirements, verdict
from airlock.witness.pip_compile import PipCompile
from airlock.witness.tree import WitnessTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock, LockedWheel
    from airlock.locks.intent import Intent
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.terminal import Terminal
    from airlock.witness.pip_compile import Witness
    from airlock.witness.verdict import Verdict


def verify(config: Config, places: Places, terminal: Terminal) -> Verdict:
    """Ask pip-tools what the intent resolves to on this machine's platform, and compare; nothing is written.

    Raises LockError where a lock is not current or not for this platform, UnsealedError, CorruptError,
    SandboxError and CommandError.
    """
    airflow_lock, debian_lock = staleness.require_current(config)
    platform, store = native(), Store(places.store)
    interpreter = packages(debian_lock, platform)
    store.require_sealed(
        [*(one.file for one in airflow_lock.wheels(platform)), *(one.file for one in interpreter)]
    )
    witness = PipCompile(WitnessTree(debian_lock, platform, store, places))
    terminal.say(f"resolving again with {witness.name}, from the store, without a network …")
    return hear(witness, intent.read(config), airflow_lock, platform, store)


def hear(witness: Witness, wanted: Intent, lock: AirflowLock, platform: Platform, store: Store) -> Verdict:
    """Compare what a witness resolves from the locked wheels of one platform with the lock."""
    wheels = lock.wheels(platform)
    _require_one_of_each(wheels)
    resolution = witness.resolve([one.file for one in wheels], input_files(wanted.airflow))
    locked = {one.name: one.version for one in wheels}
    where = verdict.Where(platform.name, lock.python)
    if resolution.pins == locked:
        return verdict.Verdict(witness.name, where, len(locked))
    known = {one.name: requirements.read(store.path(one.file), one.version) for one in wheels}
    required = requirements.Requirements(wanted.airflow, known, platform.markers(lock.python))
    return verdict.judge(resolution, locked, required, witness.name, where)


def _require_one_of_each(wheels: Sequence[LockedWheel]) -> None:
    """Raise LockError for a package that is locked twice: a resolver would only take one of them."""
    names = Counter(one.name for one in wheels)
    if twice := [name for name, number in names.items() if number > 1]:
        raise LockError(
            f"airflow.lock holds {', '.join(twice)} more than once",
            cause="an image has one version of a package",
            remedy=f"airlock lock --upgrade {' '.join(twice)}",
        )
