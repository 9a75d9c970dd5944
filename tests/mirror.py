"""A package index on this machine, with or without upload times, and a small project that locks from it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock import process
from airlock.locks import airflow, debian
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.platforms import AMD64
from airlock.store import Store
from archives import make_wheel
from fake_web import store_file
from project import REPOSITORY
from web_server import Served

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from airlock.locks.airflow import AirflowLock

DEBS = {"python3.13-minimal": "3.13.5-2", "libpython3.13-stdlib": "3.13.5-2", "libc6": "2.41-12"}
JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Release:
    """One wheel of a project; `uploaded` (RFC 3339) is "" where the index does not say."""

    filename: str
    content: bytes
    uploaded: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class Mirror(Served):
    """Serves releases at /simple/<project>/ and /files/: as HTML (PEP 503), or with `dated` as JSON (PEP 700)."""

    dated: bool = False
    releases: dict[str, list[Release]] = field(default_factory=dict)

    def add(self, name: str, version: str, *requires: str, uploaded: str = "") -> Release:
        module = name.replace("-", "_")
        metadata = "".join(f"Requires-Dist: {one}\n" for one in requires)
        content = make_wheel({f"{module}.py": ""}, name=module, version=version, metadata=metadata)
        release = Release(f"{module}-{version}-py3-none-any.whl", content, uploaded)
        self.releases.setdefault(name, []).append(release)
        self.files[f"/files/{release.filename}"] = content
        page = f"/simple/{name}/"
        self.files[page] = (self._json(name) if self.dated else self._html(name)).encode()
        self.kinds[page] = JSON if self.dated else "text/html"
        return release

    def _html(self, name: str) -> str:
        links = (
            f'<a href="../../files/{one.filename}#sha256={one.sha256}">{one.filename}</a>'
            for one in self.releases[name]
        )
        return f"<!DOCTYPE html><html><body>{'<br>'.join(links)}</body></html>"

    def _json(self, name: str) -> str:
        files = [
            {
                "filename": one.filename,
                "url": f"../../files/{one.filename}",
                "hashes": {"sha256": one.sha256},
                "size": len(one.content),
                "upload-time": one.uploaded,
            }
            for one in self.releases[name]
        ]
        versions = [one.filename.split("-")[1] for one in self.releases[name]]
        return json.dumps(
            {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": files}
        )


@dataclass(frozen=True)
class Locker:
    """A project that asks for few Python packages; its Debian packages are there, its user's home is empty."""

    folder: Path
    port: int

    @classmethod
    def create(cls, folder: Path, port: int, *asked: str) -> Locker:
        made = cls(folder, port)
        made.constraints.mkdir(parents=True)
        (folder / "project" / "pyproject.toml").write_text("[tool.airlock]\n")
        made.ask(*asked)
        (made.constraints / "debian.in").write_text("python3\n")
        locked = []
        for package, version in DEBS.items():
            file = store_file(f"{package}_{version}_amd64.deb", package.encode())
            Store(made.cache / "store").add(file, [package.encode()], "a test")
            path = f"pool/{file.filename}"
            locked.append(
                LockedDeb(package, version, AMD64.name, "amd64", "debian", path, file.size, file.sha256)
            )
        intent = (("constraints/debian.in", "python3"),)
        lock = DebianLock("trixie", (AMD64.name,), ("test",), intent, (), tuple(locked))
        (made.constraints / "debian.lock").write_text(debian.render(lock))
        return made

    def ask(self, *asked: str) -> None:
        (self.constraints / "airflow.in").write_text("".join(f"{one}\n" for one in asked))

    @property
    def constraints(self) -> Path:
        return self.folder / "project" / "constraints"

    @property
    def cache(self) -> Path:
        return self.folder / "airlock"

    @property
    def path(self) -> Path:
        return self.constraints / "airflow.lock"

    @property
    def lock(self) -> AirflowLock:
        return airflow.read(self.path)

    @property
    def versions(self) -> dict[str, str]:
        return {one.name: one.version for one in self.lock.packages}

    def index(self, user: str = "") -> str:
        return f"http://{user and user + '@'}127.0.0.1:{self.port}/simple"

    def run(self, *arguments: str, user: str = "", **variables: str) -> CompletedProcess[bytes]:
        """Run a command to its end, with the index in uv's variable unless `variables` say otherwise."""
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
        environ = kept | {
            "HOME": str(self.folder),
            "PYTHONPATH": os.pathsep.join(
                map(str, (REPOSITORY / "scripts", REPOSITORY / "scripts/airlock_spec"))
            ),
            "AIRLOCK_CACHE": str(self.cache),
            "AIRLOCK_DEBIAN_MIRROR": "http://127.0.0.1:9",  # asked for nothing
            "UV_DEFAULT_INDEX": self.index(user),
        }
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "airlock",
            "--project",
            self.folder / "project",
            *arguments,
        ]
        return process.run(command, env=environ | variables, cwd=self.folder, check=False)
