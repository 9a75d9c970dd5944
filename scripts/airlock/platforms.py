"""The platforms an image can be for, and each field's name for them."""

from __future__ import annotations

import platform as host
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Platform:
    """One platform under the names of OCI, Debian, Python wheels, multiarch paths and ELF."""

    name: str  # OCI: os/architecture
    debian: str
    machine: str  # uname -m, and the end of a wheel's platform tag
    multiarch: str
    loader: str  # the dynamic loader (ELF's interpreter)
    elf_machine: str

    def __str__(self) -> str:
        return self.name

    @property
    def os(self) -> str:
        return self.name.partition("/")[0]

    @property
    def architecture(self) -> str:
        return self.name.partition("/")[2]

    def markers(self, python: str) -> dict[str, str]:
        """Return the values of PEP 508's markers in an image with this CPython, as 3.13.5.

        The kernel's are unknown, and so empty.
        """
        return {
            "implementation_name": "cpython",
            "implementation_version": python,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": python,
            "python_version": ".".join(python.split(".")[:2]),
            "sys_platform": "linux",
        }


AMD64 = Platform(
    "linux/amd64", "amd64", "x86_64", "x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2", "EM_X86_64"
)
ARM64 = Platform(
    "linux/arm64", "arm64", "aarch64", "aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1", "EM_AARCH64"
)
PLATFORMS = {platform.name: platform for platform in (AMD64, ARM64)}


def native() -> Platform:
    """Return the platform whose programs this machine runs (on macOS: that of its Docker Engine)."""
    machine = host.machine().lower()
    return ARM64 if machine in {"arm64", "aarch64"} else AMD64
