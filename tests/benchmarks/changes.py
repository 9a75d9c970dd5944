"""The changes whose cost is measured, made to a copy of the project without a network."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from airlock import writing
from airlock.locks import airflow
from airlock.platforms import native
from airlock.store import Store, StoreFile

if TYPE_CHECKING:
    from airlock.locks.airflow import LockedPackage
    from project import Project

PROVIDER = "apache-airflow-providers-amazon"


def edit_operator(project: Project) -> None:
    """Add a line to one of the operators."""
    project.append("operators/airlock_operators/endpoints.py", "# edited\n")


def move_provider(project: Project, name: str = PROVIDER) -> None:
    """Lock another version of a provider: every module of it is new, as after a release."""
    lock = project.airflow_lock
    old = next(package for package in lock.packages if package.name == name)
    release, _, number = old.version.partition(".post")
    new = _moved(old, f"{release}.post{int(number or 0) + 1}", Store(project.cache / "store"))
    packages = tuple(new if package is old else package for package in lock.packages)
    text = airflow.render(replace(lock, packages=packages))
    writing.write(project.folder / "constraints" / "airflow.lock", text)


def _moved(package: LockedPackage, version: str, store: Store) -> LockedPackage:
    file = package.file(native())
    assert file is not None
    content = _with_version(store.read(file), package.version, version)
    filename = file.filename.replace(package.version, version, 1)
    made = StoreFile(filename, len(content), hashlib.sha256(content).hexdigest())
    writing.write(store.path(made), content)
    files = tuple((name, made if each == file else each) for name, each in package.files)
    return replace(package, version=version, files=files)


def _with_version(wheel: bytes, before: str, after: str) -> bytes:
    """Return a wheel under another version, with a line more in every module and a RECORD that fits."""
    made = io.BytesIO()
    records: list[str] = []
    with zipfile.ZipFile(io.BytesIO(wheel)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            name = member.filename.replace(f"-{before}.dist-info/", f"-{after}.dist-info/")
            content = old.read(member)
            if name.endswith(".dist-info/RECORD"):
                record = name
                continue
            if name.endswith(".dist-info/METADATA"):
                content = content.replace(f"\nVersion: {before}\n".encode(), f"\nVersion: {after}\n".encode())
            elif name.endswith(".py"):
                content += f"# {after}\n".encode()
            new.writestr(zipfile.ZipInfo(name, member.date_time), content, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            records.append(f"{name},sha256={digest},{len(content)}\n")
        new.writestr(record, "".join([*records, f"{record},,\n"]), zipfile.ZIP_DEFLATED)
    return made.getvalue()
