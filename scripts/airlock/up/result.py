"""What `airlock up` is asked for, and what it gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.up.folder import USER

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.up.folder import UpFolder


@dataclass(frozen=True)
class Wanted:
    port: int
    docker: bool = False
    local: bool = False  # with Docker: LocalExecutor
    foreground: bool = False
    offline: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Up:
    """An Airflow that is up and healthy; `seconds` from the start of its first process to its health."""

    wanted: Wanted
    folder: UpFolder
    seconds: float

    @property
    def url(self) -> str:
        return self.wanted.url

    @property
    def user(self) -> str:
        return USER

    @property
    def mode(self) -> str:
        return "docker" if self.wanted.docker else "embedded"

    @property
    def password_file(self) -> Path:
        return self.folder.passwords

    @property
    def password(self) -> str:
        return str(json.loads(self.folder.passwords.read_bytes())[USER])
