"""Where a wheel's files go in the image's virtual environment (PEP 427; sysconfig's venv scheme)."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose import entry

if TYPE_CHECKING:
    from airlock.compose.entry import Entry


@dataclass(frozen=True)
class VenvLayout:
    """The virtual environment at `root` (absolute, in the image) of CPython `version` (as 3.13)."""

    root: str
    version: str

    @property
    def prefix(self) -> str:
        return self.root.lstrip("/")

    @property
    def python(self) -> str:
        return posixpath.join(self.root, "bin", "python")

    @property
    def site_packages(self) -> str:
        return f"{self.prefix}/lib/python{self.version}/site-packages"

    @property
    def sources(self) -> re.Pattern[str]:
        """Match the paths whose .py files get bytecode: modules, not programs in bin/."""
        return re.compile(re.escape(self.site_packages) + "/")

    def empty(self) -> list[Entry]:
        """Return the environment without any package (PEP 405)."""
        home = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {self.version}\n"
        python = f"{self.prefix}/bin/python"
        return [
            entry.file(f"{self.prefix}/pyvenv.cfg", home),
            entry.symlink(python, f"/usr/bin/python{self.version}"),
            entry.symlink(f"{python}3", "python"),
            entry.symlink(f"{python}{self.version}", "python"),
            entry.directory(self.site_packages),
        ]

    def folder(self, scheme: str, distribution: str) -> str:
        """Return the folder of one of a wheel's schemes. Raises KeyError for an unknown one."""
        return {
            "purelib": self.site_packages,
            "platlib": self.site_packages,
            "scripts": f"{self.prefix}/bin",
            "headers": f"{self.prefix}/include/site/python{self.version}/{distribution}",
            "data": self.prefix,
        }[scheme]
