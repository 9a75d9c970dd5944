"""What a function's source calls, with the names resolved as Python would resolve them; nothing is called.

Only the lines of the function itself are parsed: a provider's modules have thousands.
"""

from __future__ import annotations

import ast
import importlib
import linecache
import sys
import textwrap
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

PROVIDERS = "airflow.providers."
_CLIENT_KEYS = {"client_type", "resource_type"}


@dataclass(frozen=True)
class Call:
    """A call: of what (an object, or a dotted name where there is none), how it was written, and its literals."""

    callee: object
    name: str  # the last part of what is called, as `client`
    base: str  # the source of what is before that, as `boto3` or `self.hook.get_session()`, or what that was set to
    of: object  # what is before that, where it is an object of the module, as a client that was made there
    first: str  # the first argument, where it is a literal string or a global one
    words: dict[str, str]  # keyword → literal string


@dataclass
class Reading:
    """What one function's source shows."""

    calls: list[Call] = field(default_factory=list)
    own: set[str] = field(
        default_factory=set
    )  # what it takes of its first parameter, as `hook` of `self.hook`
    inherited: set[str] = field(default_factory=set)  # what it takes of super()
    others: set[str] = field(default_factory=set)  # what it takes of anything else, as `get_conn`
    kept: dict[str, object] = field(default_factory=dict)  # `self.name = Callee(…)`: name → callee
    clients: set[str] = field(
        default_factory=set
    )  # literals given as client_type or resource_type, in whatever way


_LASTING: dict[FunctionType, Reading] = {}
_PASSING: dict[FunctionType, Reading] = {}  # until `forget`


def read(function: FunctionType) -> Reading:
    """Read a function's source. Raises OSError or SyntaxError where there is none to read."""
    known = _LASTING.get(function) or _PASSING.get(function)
    if known is None:
        known = _read(function)
        (_LASTING if str(function.__module__).startswith(PROVIDERS) else _PASSING)[function] = known
    return known


def forget() -> None:
    """Forget functions of the bundle: each would keep its module, and a parser may see thousands of them."""
    for function in _PASSING:
        linecache.cache.pop(function.__code__.co_filename, None)
    _PASSING.clear()


def _read(function: FunctionType) -> Reading:
    code = function.__code__
    tree = ast.parse(_source(code))
    names = _Names(function, tree)
    first = code.co_varnames[0] if code.co_argcount else ""
    reading = Reading()
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                reading.calls.append(_call(node, names))
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=owner), attr=kept)], value=ast.Call(func=func)
            ):
                if owner == first:
                    reading.kept[kept] = names.resolve(func)
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute, ctx=ast.Load()) if owner == first:
                reading.own.add(attribute)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=attribute):
                reading.inherited.add(attribute)
            case ast.Attribute(attr=attribute, ctx=ast.Load()):
                reading.others.add(attribute)
        reading.clients.update(_clients(node))
    return reading


def _source(code: CodeType) -> str:
    lines = linecache.getlines(code.co_filename)
    first, last = code.co_firstlineno, _last_line(code)
    if not lines or last > len(lines):
        raise OSError(f"no source of {code.co_qualname}")
    text = textwrap.dedent("".join(lines[first - 1 : last]))
    try:
        ast.parse(text)
    except SyntaxError:  # a lambda within an expression, or a bracket that closes on a line without code
        text = _grown(lines, first, last)
    return text


def _grown(lines: list[str], first: int, last: int) -> str:
    for end in range(last + 1, min(last + 6, len(lines)) + 1):
        text = textwrap.dedent("".join(lines[first - 1 : end]))
        try:
            ast.parse(text)
        except SyntaxError:
            continue
        return text
    raise OSError("no function can be cut out of these lines")


def _last_line(code: CodeType) -> int:
    last = max((end for _, end, _, _ in code.co_positions() if end), default=code.co_firstlineno)
    inner = (_last_line(one) for one in code.co_consts if isinstance(one, CodeType))
    return max((last, *inner))


def _call(node: ast.Call, names: _Names) -> Call:
    name, base = "", ""
    of: object = None
    if isinstance(node.func, ast.Attribute):
        name, before = node.func.attr, node.func.value
        base = ast.unparse(names.assigned.get(before.id, before) if isinstance(before, ast.Name) else before)
        of = names.resolve(before)
    elif isinstance(node.func, ast.Name):
        name = node.func.id
    words = {word.arg: names.text(word.value) for word in node.keywords if word.arg}
    first = names.text(node.args[0]) if node.args else ""
    return Call(names.resolve(node.func), name, base, of, first, words)


def _clients(node: ast.AST) -> list[str]:
    """Return literals that a node gives as the type of client: the idioms of Airflow's amazon provider."""
    match node:
        case ast.keyword(arg="client_type" | "resource_type", value=ast.Constant(value=str(value))):
            return [value]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return [
                value.value
                for key, value in pairs
                if isinstance(key, ast.Constant) and key.value in _CLIENT_KEYS
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            ]
        case ast.Assign(
            targets=[ast.Subscript(slice=ast.Constant(value="client_type" | "resource_type"))],
            value=ast.Constant(value=str(value)),
        ):
            return [value]
        case ast.Call(
            func=ast.Attribute(attr="setdefault"),
            args=[ast.Constant(value="client_type" | "resource_type"), ast.Constant(value=str(value))],
        ):
            return [value]
    return []


class _Names:
    """What names mean inside a function: its own imports, its closure, its globals."""

    def __init__(self, function: FunctionType, tree: ast.AST) -> None:
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        closure = {name: _content(cell) for name, cell in cells}
        self._known: dict[str, Any] = {**function.__globals__, **closure}
        self.assigned: dict[str, ast.expr] = {}  # what the function itself sets names to
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.assigned[node.targets[0].id] = node.value
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    self._known[alias.asname or alias.name] = _imported(node.module, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.name if alias.asname else alias.name.partition(".")[0]
                    self._known[alias.asname or name] = sys.modules.get(name, name)

    def resolve(self, node: ast.expr) -> object:
        """Return the object that an expression names, or its dotted name, or ""."""
        match node:
            case ast.Name(id=name):
                return "" if name in self.assigned else self._known.get(name, name)
            case ast.Attribute(value=value, attr=attribute):
                base = self.resolve(value)
                if isinstance(base, ModuleType):
                    return vars(base).get(attribute, f"{base.__name__}.{attribute}")
                return f"{base}.{attribute}" if isinstance(base, str) and base else ""
        return ""

    def text(self, node: ast.expr) -> str:
        """Return a string that an expression is, or begins with; "" where that shows in no way."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                # Only what is before a slash is whole: `https://api.{region}.com` names no host.
                return text if text.count("/") > 2 else ""  # noqa: PLR2004
            case ast.Name() | ast.Attribute():
                found = self.resolve(node)
                known = isinstance(node, ast.Name) and node.id in self._known
                return found if isinstance(found, str) and known else ""
        return ""


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return ""


def _imported(module: str, name: str) -> object:
    """Return what an import inside a function, which was not run, would bring.

    It is done for providers alone, whose modules do nothing when they are imported; others are named.
    """
    loaded = sys.modules.get(module)
    if loaded is None and module.startswith(PROVIDERS):
        try:
            loaded = importlib.import_module(module)
        except Exception:  # noqa: BLE001 - a provider that is not there is reported when the task runs
            loaded = None
    return vars(loaded).get(name, f"{module}.{name}") if loaded is not None else f"{module}.{name}"
