"""A configuration's folders as links in a temporary one, in which Terraform may write what it likes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.verify.terraform.modules import Modules

_TERRAFORM = ".terraform"
_LOCK = ".terraform.lock.hcl"
_TESTS = (".tftest.hcl", ".tftest.json")
_BACKENDS = ("backend", "cloud")
_OVERRIDE = 'terraform {\n  backend "local" {}\n}\n'


def make(modules: Modules, into: Path) -> Path:
    """Make the mirror and return its root module's folder.

    It is as high as the sources of modules lead, and as the project, so that paths with ../ find their files.
    """
    root = modules.root.folder
    listed = root / _TERRAFORM / "modules"
    folders = {one for one in modules.folders if not one.is_relative_to(listed)}
    if root.is_relative_to(modules.project):
        folders.add(modules.project)
    top = Path(os.path.commonpath(folders))
    for folder in sorted(_on_the_way(folders, top)):
        (into / folder.relative_to(top)).mkdir(parents=True, exist_ok=True)
    for folder in _on_the_way(folders, top):
        for entry in folder.iterdir():
            link = into / entry.relative_to(top)
            if not link.exists() and not _left_out(entry, root):
                link.symlink_to(entry)
    mirrored = into / root.relative_to(top)
    _take_along(root, mirrored)
    if any(_has_backend(block.text) for block in modules.root.blocks if block.kind == "terraform"):
        (mirrored / "airlock_override.tf").write_text(_OVERRIDE)
    return mirrored


def original(path: Path, mirrored: Path) -> Path:
    """Return the file that a path in the mirror, from its root module's folder, is a link to."""
    return (mirrored / path).resolve()


def _on_the_way(folders: Iterable[Path], top: Path) -> set[Path]:
    return {one for folder in folders for one in (folder, *folder.parents) if one.is_relative_to(top)}


def _left_out(entry: Path, root: Path) -> bool:
    """Tell what Terraform would write through, or take for its own: its data, its lock, and other tests."""
    if entry.name == _TERRAFORM:
        return True
    return entry.parent == root and (
        entry.name == _LOCK or entry.name.endswith(_TESTS) or ".tfstate" in entry.name
    )


def _take_along(root: Path, mirrored: Path) -> None:
    """Copy what `terraform init` wrote before: which versions were chosen, and modules of registries."""
    if (root / _LOCK).is_file():
        shutil.copyfile(root / _LOCK, mirrored / _LOCK)
    fetched = root / _TERRAFORM / "modules"
    if not fetched.is_dir():
        return
    (mirrored / _TERRAFORM / "modules").mkdir(parents=True)
    for entry in fetched.iterdir():
        kept = mirrored / _TERRAFORM / "modules" / entry.name
        if entry.name == "modules.json":
            shutil.copyfile(entry, kept)
        else:
            kept.symlink_to(entry)


def _has_backend(text: str) -> bool:
    return any(f"{word} " in text or f"{word}{{" in text for word in _BACKENDS)
