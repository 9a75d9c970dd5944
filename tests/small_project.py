"""A whole project in miniature: locks, a store, and debs whose interpreter is this machine's Python."""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock import certificates, config
from airlock.compose import image, image_file
from airlock.locks import airflow, debian
from airlock.locks.airflow import AirflowLock, LockedPackage
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.places import Places
from airlock.platforms import native
from airlock.store import StoreFile
from airlock.terminal import Terminal
from archives import make_deb, make_wheel, member

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.compose.image import Image, Inputs

HERE = native()
# Started as `loader --library-path FOLDER python ARGUMENTS`, it runs the arguments with this Python.
LOADER = f'#!/bin/sh\nshift 3\nexec {sys.executable} "$@"\n'.encode()
IMAGE_FILE = '[user]\nname = "airflow"\nuid = 50000\ngid = 0\nhome = "/home/airflow"\n'
INTERPRETER = (
    "python3.13-minimal",
    "libpython3.13-minimal",
    "libpython3.13-stdlib",
    "libc6",
    "libexpat1",
    "zlib1g",
)

Member = tuple[tarfile.TarInfo, bytes]


@dataclass
class SmallProject:
    """A project folder and the cache folder that holds its store."""

    folder: Path
    places: Places

    @classmethod
    def create(cls, folder: Path, cache: Path) -> SmallProject:
        made = cls(folder, Places(cache))
        (folder / "image" / "rootfs").mkdir(parents=True)
        (folder / "constraints").mkdir()
        (folder / "pyproject.toml").write_text(f'[tool.airlock]\nplatforms = ["{HERE.name}"]\n')
        (folder / "image" / "image.toml").write_text(IMAGE_FILE)
        (folder / "image" / "rootfs" / "entrypoint").write_text("#!/bin/sh\n")
        loader = f"./usr/lib/{HERE.multiarch}/{HERE.loader.rpartition('/')[2]}"
        debs: dict[str, list[Member]] = {name: [] for name in (*INTERPRETER, "base-files")}
        debs["libc6"] = [(member(loader, mode=0o755), LOADER)]
        debs["base-files"] = [(member("./tmp", tarfile.DIRTYPE, mode=0o1777), b"")]
        made.lock_debs(debs)
        made.lock_wheels({"apache-airflow": {"airflow/__init__.py": "x = 1\n"}})
        return made

    def lock_debs(self, debs: dict[str, list[Member]]) -> None:
        locked = []
        for name, members in sorted(debs.items()):
            file = self.keep(f"{name}_1_{HERE.debian}.deb", make_deb(members, package=name))
            locked.append(
                LockedDeb(name, "1", HERE.name, HERE.debian, "debian", file.filename, file.size, file.sha256)
            )
        lock = DebianLock("trixie", (HERE.name,), ("test",), (), (), tuple(locked))
        (self.folder / "constraints" / "debian.lock").write_text(debian.render(lock))

    def lock_wheels(self, wheels: dict[str, dict[str, str]]) -> None:
        packages = []
        for name, files in sorted(wheels.items()):
            module = name.replace("-", "_")
            file = self.keep(
                f"{module}-3.3.2-py3-none-any.whl", make_wheel(files, name=module, version="3.3.2")
            )
            packages.append(LockedPackage(name, "3.3.2", (("any", file),)))
        lock = AirflowLock("3.13.5", "2.41", (HERE.name,), "test", (), tuple(packages))
        (self.folder / "constraints" / "airflow.lock").write_text(airflow.render(lock))

    def keep(self, filename: str, content: bytes) -> StoreFile:
        file = StoreFile(filename, len(content), hashlib.sha256(content).hexdigest())
        path = self.places.store / file.sha256 / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return file

    def append(self, path: str, text: str) -> None:
        file = self.folder / path
        file.write_text(file.read_text() + text)

    @property
    def inputs(self) -> Inputs:
        found = config.load(self.folder, environ={})
        return image.Inputs(
            found,
            image_file.load(found.image_file),
            airflow.read(found.airflow_lock),
            debian.read(found.debian_lock),
            certificates.read(found.certificates, found.project),
        )

    def compose(self) -> Image:
        (made,) = image.compose(self.inputs, self.places, Terminal(quiet=True), workers=2).images
        return made

    def blob(self, digest: str) -> bytes:
        return (
            self.folder / "build" / "image" / "blobs" / "sha256" / digest.removeprefix("sha256:")
        ).read_bytes()

    def manifest(self) -> Any:
        index = json.loads((self.folder / "build" / "image" / "index.json").read_text())
        return json.loads(self.blob(index["manifests"][0]["digest"]))
