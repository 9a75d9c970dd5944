"""Ways to start the probe: in a sandbox, and without one where none can be made. containers.py has the third."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock import sandbox
from airlock.check import listing
from airlock.errors import CheckError, SandboxError
from airlock.inside import ReadOnly, Tmpfs, inside
from airlock.platforms import native
from airlock_spec.check import environment
from airlock_spec.paths import AIRFLOW_HOME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.check.bundle import Bundle
    from airlock.check.probe_source import ProbeSource
    from airlock.inside import Inside
    from airlock.layout import LaidOutImage
    from airlock.namespaces import Sandbox

MODULE = ("-P", "-m", "airlock_probe")
PLACE = "/run/airlock/lib"  # of the toolchain's probe in the sandbox
PYTHON = "/opt/venv/bin/python"


@dataclass(frozen=True)
class Start:
    """A command that is the probe: `bundle` is where it finds the DAGs, `before` what it reads before its request."""

    command: tuple[str | Path, ...]
    env: dict[str, str]
    bundle: str
    before: bytes = b""


class Way(Protocol):
    """One way to start the probe on a bundle."""

    @property
    def namespace(self) -> bool:
        """Whether it gives the probe a network of its own, without a way out."""
        ...

    def start(self, bundle: Bundle) -> contextlib.AbstractContextManager[Start]:
        """Prepare a start; what was made for it vanishes with the block."""
        ...

    def why_not(self, bundle: Bundle) -> str:
        """Return why nothing can be started this way here; "" where something can."""
        ...


@dataclass(frozen=True)
class Unpacked:
    """An image's tree, what the probe is made of, and the variables that the project sets for checks."""

    image: LaidOutImage
    tree: Path
    probe: ProbeSource
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sandboxed:
    """In a sandbox, in the production layout."""

    unpacked: Unpacked
    sandbox: Sandbox
    namespace: bool = True

    @contextlib.contextmanager
    def start(self, bundle: Bundle) -> Iterator[Start]:
        python = PYTHON if os.path.lexists(self.unpacked.tree / PYTHON.lstrip("/")) else "python"
        with _whole(bundle.folder) as folder:
            found = self._inside(folder)
            # with no environment at all: process 1 of the sandbox would show it inside
            yield Start(tuple(self.sandbox.command(found, (python, *MODULE))), {}, _dags(found))

    def why_not(self, bundle: Bundle) -> str:
        try:
            sandbox.choose(self._inside(bundle.folder), [self.sandbox])
        except SandboxError as error:
            return error.cause
        return ""

    def _inside(self, folder: Path) -> Inside:
        base = inside(self.unpacked.image, self.unpacked.tree, env={}, host={})
        binds = [ReadOnly(folder, _dags(base))]
        if (path := _path_in(self.unpacked)) == PLACE:
            packages = self.unpacked.probe.packages.items()
            binds += [ReadOnly(source, f"{PLACE}/{name}") for name, source in packages]
        found = inside(self.unpacked.image, self.unpacked.tree, env={}, binds=binds, host={})
        env = environment.without_asking(found.env, self.unpacked.env) | {"PYTHONPATH": path}
        covers = (Tmpfs(f"{_dags(found)}/{name}", 0o755) for name in listing.hidden(folder))
        return replace(found, env=tuple(sorted(env.items())), mounts=(*found.mounts, *covers))


def _path_in(unpacked: Unpacked) -> str:
    """Return PYTHONPATH: the image's own copy where it is the same, for its bytecode is compiled."""
    from airlock.check import probe_source  # noqa: PLC0415 - one use

    there = probe_source.in_tree(unpacked.tree)
    same = there is not None and there.digest == unpacked.probe.digest
    return f"/{probe_source.IN_IMAGE}" if same else PLACE


def _dags(found: Inside) -> str:
    return f"{dict(found.env).get('AIRFLOW_HOME', AIRFLOW_HOME).rstrip('/')}/dags"


@dataclass(frozen=True)
class Bare:
    """By the tree's own interpreter and loader, without a root of its own: only the probe's filter keeps it in.

    The DAGs are copied, for nothing else would keep them from being written to.
    """

    unpacked: Unpacked
    namespace: bool = False

    @contextlib.contextmanager
    def start(self, bundle: Bundle) -> Iterator[Start]:
        with tempfile.TemporaryDirectory(prefix="airlock-check-") as folder:
            home = Path(folder) / "airflow"
            home.mkdir()
            for name in ("airflow.cfg", "webserver_config.py"):
                if (source := self.unpacked.tree / AIRFLOW_HOME.lstrip("/") / name).is_file():
                    shutil.copyfile(source, home / name)
            copy(bundle.folder, home / "dags")
            python = self._environment(Path(folder) / "venv", Path(folder) / "lib")
            yield Start((python, *MODULE), self._variables(Path(folder)), str(home / "dags"))

    def why_not(self, bundle: Bundle) -> str:  # noqa: ARG002 - of the protocol
        if sys.platform != "linux" or self.unpacked.image.platform != native().name:
            return f"the image is for {self.unpacked.image.platform}"
        return ""

    def _environment(self, venv: Path, lib: Path) -> Path:
        """Lay out a virtual environment over the tree's packages; return its interpreter.

        That is a program of its own, so that children find it as sys.executable, too.
        """
        (program, version) = self._interpreter()
        (venv / "bin").mkdir(parents=True)
        (venv / "lib").symlink_to(self.unpacked.tree / "opt/venv/lib")
        (venv / "pyvenv.cfg").write_text(f"home = {program.parent}\nversion = {version}\n")
        libraries = self.unpacked.tree / "usr/lib" / native().multiarch
        loader = libraries / native().loader.rpartition("/")[2]
        python = venv / "bin" / "python"
        python.write_text(
            f'#!/bin/sh\nexec "{loader}" --library-path "{libraries}" --argv0 "$0" "{program}" "$@"\n'
        )
        python.chmod(0o755)
        (venv / "bin" / "python3").symlink_to("python")
        lib.mkdir()
        for name, source in self.unpacked.probe.packages.items():
            (lib / name).symlink_to(source)
        return python

    def _interpreter(self) -> tuple[Path, str]:
        found = [
            path
            for path in sorted((self.unpacked.tree / "usr/bin").glob("python3.*"))
            if path.name.removeprefix("python3.").isdigit()
        ]
        if not found:
            raise CheckError(
                "without a sandbox, this image cannot be used",
                cause="it has no /usr/bin/python3.N, which other images keep elsewhere",
                remedy="airlock check --image REF, which uses a container",
            )
        return found[-1], found[-1].name.removeprefix("python")

    def _variables(self, folder: Path) -> dict[str, str]:
        base = inside(self.unpacked.image, self.unpacked.tree, env={}, host={})
        own = {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PATH": f"{folder}/venv/bin:{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": str(folder / "lib"),
            "PYTHONDONTWRITEBYTECODE": "1",  # the tree is shared with every other use of the image
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        }
        return environment.without_asking(base.env, {}) | own | dict(self.unpacked.env)


@contextlib.contextmanager
def _whole(bundle: Path) -> Iterator[Path]:
    """Give a bundle's folder, or a copy where links lead out of it: in the sandbox they would lead nowhere."""
    if not listing.leads_out(bundle):
        yield bundle
        return
    with tempfile.TemporaryDirectory(prefix="airlock-check-") as folder:
        copy(bundle, Path(folder) / "dags")
        yield Path(folder) / "dags"


def copy(bundle: Path, target: Path) -> None:
    """Copy a bundle, with what its links lead to; what is hidden is there and empty."""
    hidden = listing.hidden(bundle)

    def left_out(folder: str, names: list[str]) -> list[str]:
        around = os.path.realpath(folder)
        loops = [name for name in names if _leads_around(os.path.join(folder, name), around)]  # noqa: PTH118 - as copytree does
        return [*loops, *(hidden if folder == str(bundle) else ())]

    with contextlib.suppress(shutil.Error):  # what cannot be read, which is missing to any parse
        shutil.copytree(bundle, target, ignore=left_out)
    for name in hidden:
        (target / name).mkdir()


def _leads_around(path: str, folder: str) -> bool:
    """Whether a link leads to a folder around it, or nowhere; a pipe, which a copy would wait for, counts as well."""
    if os.path.islink(path) and os.path.isdir(path):  # noqa: PTH112, PTH114
        return f"{folder}/".startswith(f"{os.path.realpath(path)}/")
    return not (os.path.isfile(path) or os.path.isdir(path))  # noqa: PTH112, PTH113


def ways(unpacked: Unpacked) -> list[Way]:
    """List the ways to start the probe in a tree, the best first."""
    return [*(Sandboxed(unpacked, one) for one in sandbox.candidates()), Bare(unpacked)]
