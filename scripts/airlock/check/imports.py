"""What the Python files of a bundle import of each other, as far as their source shows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


def importers(sources: Mapping[str, bytes], changed: Iterable[str]) -> set[str]:
    """Return the paths, of `sources` and others, that import one of the `changed`, these included.

    Paths are relative to the bundle, which is where absolute imports begin. What is imported need not exist any
    more.
    """
    wanted = {path: set(imported(path, source)) for path, source in sources.items()}
    affected: set[str] = set()
    fresh = set(changed)
    while fresh:
        affected |= fresh
        modules = {name for path in fresh for name in names(path)}
        fresh = {path for path, found in wanted.items() if path not in affected and found & modules}
    return affected


def names(path: str) -> tuple[str, ...]:
    """Return the names under which a file can be imported; a module in a folder without __init__.py has one, too."""
    if not path.endswith(".py"):
        return ()
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return (".".join(parts),) if parts else ()


def imported(path: str, source: bytes) -> Iterator[str]:
    """Yield the module names that a file may import: packages on the way, and what `from` may mean, too."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # the probe says what is wrong with it
        return
    package = path.split("/")[:-1]
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    yield from _ways_to(alias.name)
            case ast.ImportFrom():
                base = _base(node, package)
                for name in (base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)):
                    yield from _ways_to(name)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")
            ):
                if (
                    node.args
                    and isinstance(node.args[0], ast.Constant)
                    and isinstance(node.args[0].value, str)
                ):
                    yield from _ways_to(node.args[0].value)


def _base(node: ast.ImportFrom, package: Collection[str]) -> str:
    if not node.level:
        return node.module or ""
    parts = list(package)
    around = parts[: len(parts) - node.level + 1] if node.level <= len(parts) else []
    return ".".join((*around, *([node.module] if node.module else [])))


def _ways_to(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1) if name)
