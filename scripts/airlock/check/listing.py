"""What is in a bundle: every file by its content. It decides whether facts of earlier still hold."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.cache import key_of

if TYPE_CHECKING:
    from airlock_spec.check.facts import Dependencies

IGNORE_FILE = ".airflowignore"
_BYTECODE = "__pycache__"
UNREADABLE = "unreadable"  # instead of a sha256: it never equals one


@dataclass(frozen=True)
class Listing:
    """Every file of a bundle: `files` by their paths, with their sha256; `folders`: the names in each."""

    files: dict[str, str]
    folders: dict[str, tuple[str, ...]]

    @cached_property
    def digest(self) -> str:
        return key_of(self.files, self.folders)

    @property
    def data(self) -> dict[str, str]:
        """What is not Python: any DAG file may read it, and by code of which Python knows nothing."""
        return {path: sha for path, sha in self.files.items() if not path.endswith((".py", ".pyc"))}

    @cached_property
    def names(self) -> str:
        """The sha256 over all paths, but for those of bytecode."""
        paths = (*self.files, *(f"{path}/" for path in self.folders))
        names = sorted(path for path in paths if _BYTECODE not in path.split("/"))
        return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()

    def holds(self, dependencies: Dependencies) -> bool:
        """Whether all is as it was when facts were found that depend on this."""
        return all(self.files.get(path) == sha for path, sha in dependencies.files.items())


def read(folder: Path) -> Listing:
    """Read all of a bundle; links to folders are followed, and what is `hidden` counts as empty, as Airflow sees it."""
    files: dict[str, str] = {}
    folders: dict[str, tuple[str, ...]] = {}
    left_out = frozenset(hidden(folder))
    ancestors: dict[str, frozenset[str]] = {str(folder): frozenset()}
    for parent, inner, names in os.walk(folder, followlinks=True):
        own = os.path.realpath(parent)
        around = ancestors.pop(parent, frozenset())
        if own in around:  # a link to a folder around it: it holds what was listed already
            inner.clear()
            continue
        path = os.path.relpath(parent, folder)
        prefix = "" if path == "." else f"{path}/"
        folders[prefix.rstrip("/")] = tuple(sorted((*inner, *names)))
        if not prefix:
            inner[:] = [name for name in inner if name not in left_out]
            folders |= dict.fromkeys(left_out, ())
        ancestors |= {os.path.join(parent, name): around | {own} for name in inner}  # noqa: PTH118 - as os.walk does
        files |= {f"{prefix}{name}": _sha256(Path(parent, name)) for name in names}
    return Listing(files, folders)


def hidden(folder: Path) -> list[str]:
    """Return the names of folders at the top of a bundle that no deployment carries: .git, virtual environments.

    Airflow finds them empty.
    """
    try:
        with os.scandir(folder) as found:
            return sorted(item.name for item in found if item.is_dir() and _is_foreign(item))
    except OSError:
        return []


def leads_out(folder: Path) -> bool:
    """Whether a link in a bundle leads to something outside of it."""
    left_out, inside = hidden(folder), f"{os.path.realpath(folder)}/"
    for parent, inner, names in os.walk(folder):
        if parent == str(folder):
            inner[:] = [name for name in inner if name not in left_out]
        paths = (os.path.join(parent, name) for name in (*inner, *names))  # noqa: PTH118 - as above
        links = (path for path in paths if os.path.islink(path) and os.path.exists(path))  # noqa: PTH110, PTH114
        if any(not f"{os.path.realpath(link)}/".startswith(inside) for link in links):
            return True
    return False


def _is_foreign(item: os.DirEntry[str]) -> bool:
    return item.name.startswith(".") or os.path.exists(os.path.join(item.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118


def _sha256(path: Path) -> str:
    if not path.is_file():  # a pipe would be waited for
        return UNREADABLE
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return UNREADABLE
