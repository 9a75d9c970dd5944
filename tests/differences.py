"""Where the image that BuildKit builds may differ from the composed one, and why."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Difference:
    """Paths that match `pattern` (a shell pattern) may differ in the attributes `what` of their members."""

    pattern: str
    what: frozenset[str]
    why: str

    def explains(self, path: str, what: frozenset[str]) -> bool:
        return fnmatchcase(path, self.pattern) and what <= self.what

    def __str__(self) -> str:
        return f"| `/{self.pattern}` | {', '.join(sorted(self.what))} | {self.why} |"


CONTENT = frozenset({"size", "sha256"})
DIFFERENCES = (
    Difference("opt/venv/bin/*", CONTENT, "console scripts: uv and pypa/installer have words of their own"),
    Difference(
        "opt/venv/lib/python3.*/site-packages/*.dist-info/RECORD",
        CONTENT,
        "the lines of these scripts: their hashes and sizes",
    ),
)
