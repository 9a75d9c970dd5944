"""The lines of `constraints/debian.in`: `name`, `name=version`, either followed by `[amd64]` for one architecture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.platforms import Platform

# names and versions: policy 5.6.1 and 5.6.12
_LINE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?:\s*=\s*(?P<version>[A-Za-z0-9.+~:-]+))?"
    r"(?:\s*\[(?P<architectures>[a-z0-9 ]+)\])?",
)


@dataclass(frozen=True)
class Wanted:
    """One package that the project asks for; no `architectures` means every one."""

    name: str
    version: str
    architectures: tuple[str, ...]
    source: str  # the file that asks

    def on(self, platform: Platform) -> bool:
        return not self.architectures or platform.debian in self.architectures


def parse(intent: Iterable[tuple[str, str]]) -> list[Wanted]:
    """Read (source, line) pairs. Raises ConfigError that names every line that cannot be read."""
    wanted, problems = [], []
    for source, line in intent:
        found = _LINE.fullmatch(line.strip())
        if found:
            architectures = tuple((found["architectures"] or "").split())
            wanted.append(Wanted(found["name"], found["version"] or "", architectures, source))
        else:
            problems.append(f"{source}: {line!r} is not a name, `name=version` or `name [architecture]`")
    if problems:
        raise ConfigError("the Debian packages asked for cannot be read", cause="\n".join(problems))
    return wanted
