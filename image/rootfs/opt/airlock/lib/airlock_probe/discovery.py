"""The DAG files of a bundle as Airflow finds them, and those it passes over without a word."""

from __future__ import annotations

import ast
import os
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow._shared.module_loading import file_discovery
from airflow.configuration import conf
from airflow.dag_processing.importers import get_importer_registry

from airlock_spec.check.facts import Pattern, Place, Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.request import Request

_IGNORE = ".airflowignore"
_SUFFIXES = (".py", ".zip")
_MAKES_DAGS = frozenset({"DAG", "dag"})


@dataclass(frozen=True)
class Discovered:
    """`files`: DAG files, relative to the bundle, in order."""

    files: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[Pattern, ...] = ()
    error: str = ""  # why the bundle cannot be walked at all


@dataclass
class _Rule:
    rule: Any
    text: str
    place: Place
    matched: bool = False


@dataclass
class _Walk:
    """A walk over the bundle beside Airflow's own, to know which pattern hid what."""

    root: Path
    kind: Any  # Airflow's class of rules
    rules: list[_Rule] = field(default_factory=list)
    ignored: list[tuple[Path, _Rule]] = field(default_factory=list)

    def go(self, folder: Path, above: list[_Rule], seen: frozenset[Path]) -> None:
        rules = [*above, *self._read(folder)]
        for entry in sorted(folder.iterdir()):
            if entry.name == _IGNORE:
                continue
            rule = self._hiding(entry, rules)
            if rule is not None:
                self.ignored += [(path, rule) for path in _under(entry)]
            elif entry.is_dir() and (real := entry.resolve()) not in seen:
                self.go(entry, rules, seen | {real})

    def _hiding(self, entry: Path, rules: list[_Rule]) -> _Rule | None:
        hiding = None
        for rule in rules:
            if self.kind.match(entry, [rule.rule]):
                rule.matched, hiding = True, rule
            elif rule.text.startswith("!") and self.kind.match(entry, [_positive(rule.rule, self.kind)]):
                rule.matched, hiding = True, None
        return hiding if self.kind.match(entry, [rule.rule for rule in rules]) else None

    def _read(self, folder: Path) -> list[_Rule]:
        file = folder / _IGNORE
        if not file.is_file():
            return []
        found = []
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            text = re.sub(r"\s*#.*", "", line)
            if not text.strip():
                continue
            place = Place(str(file.relative_to(self.root)), number)
            try:
                rule = self.kind.compile(text, self.root, file)
            except Exception:  # noqa: BLE001 - a pattern that is none: it is among those that match nothing
                rule = None
            if rule is None:
                self.rules.append(_Rule(None, text, place))
            else:
                found.append(_Rule(rule, text, place))
        self.rules += found
        return found


def discover(request: Request) -> Discovered:
    """Find the DAG files of the bundle. Nothing of it is imported."""
    root = Path(request.bundle)
    safe_mode = conf.getboolean("core", "DAG_DISCOVERY_SAFE_MODE")
    try:
        found = sorted(get_importer_registry().list_dag_files(root, safe_mode))
        ignored, unmatched = _ignored(root)
    except Exception as error:  # noqa: BLE001 - RuntimeError for a loop of links, OSError, ...
        return Discovered(error=f"{type(error).__name__}: {error}")
    files = tuple(os.path.relpath(path, root) for path in found)
    hidden = {skipped.path for skipped in ignored}
    unsafe = _unsafe(root, {*files, *hidden})
    nested = [skipped for path in files if path.endswith(".zip") for skipped in _nested(root / path, path)]
    return Discovered(files, (*ignored, *unsafe, *nested), unmatched)


def _ignored(root: Path) -> tuple[list[Skipped], tuple[Pattern, ...]]:
    glob = conf.get_mandatory_value("core", "DAG_IGNORE_FILE_SYNTAX", fallback="glob") != "regexp"
    walk = _Walk(root, file_discovery._GlobIgnoreRule if glob else file_discovery._RegexpIgnoreRule)  # noqa: SLF001
    walk.go(root, [], frozenset({root.resolve()}))
    skipped = [
        Skipped(str(path.relative_to(root)), Reason.IGNORED, rule.text, rule.place, _looks_like_dag(path))
        for path, rule in walk.ignored
    ]
    return skipped, tuple(Pattern(rule.text, rule.place) for rule in walk.rules if not rule.matched)


def _unsafe(root: Path, known: set[str]) -> Iterator[Skipped]:
    """Yield what only Airflow's safe mode passes over, where it looks like a DAG file."""
    for path in _under(root):
        name = str(path.relative_to(root))
        if name not in known and path.suffix == ".py" and _looks_like_dag(path):
            yield Skipped(name, Reason.SAFE_MODE, looks_like_dag=True)


def _nested(path: Path, name: str) -> Iterator[Skipped]:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".py") and "/" in member and _makes_dags(archive.read(member)):
                    yield Skipped(f"{name}/{member}", Reason.NESTED, looks_like_dag=True)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return


def _under(path: Path) -> Iterator[Path]:
    if path.is_file():
        if path.suffix.lower() in _SUFFIXES:
            yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        places = (Path(folder, name) for name in sorted(files) if name.endswith(_SUFFIXES))
        yield from (place for place in places if place.is_file())  # a FIFO would be read for ever


def _positive(rule: Any, kind: Any) -> Any:
    """Return the rule that a negated one takes back."""
    pattern = rule.wild_match_pattern
    return kind(type(pattern)(pattern.regex, include=True), rule.relative_to, rule.dir_only)


def _looks_like_dag(path: Path) -> bool:
    try:
        return path.suffix == ".zip" or _makes_dags(path.read_bytes())
    except OSError:
        return False


def _makes_dags(content: bytes) -> bool:
    """Whether a source calls something named as what makes DAGs, or imports DAG from a module whose name says so."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in _MAKES_DAGS:
            return True
        if isinstance(node, ast.FunctionDef) and any(_name(each) == "dag" for each in node.decorator_list):
            return True
    return any(
        isinstance(node, ast.Expr | ast.Assign)
        and isinstance(node.value, ast.Call)
        and "dag" in _name(node.value.func).lower().split("_")  # a factory, as make_dag(...)
        for node in tree.body
    )


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
