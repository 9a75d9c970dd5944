"""How two contents differ: as text, as bytecode, as JSON, or as bytes; each as a few lines for people."""

from __future__ import annotations

import difflib
import importlib.util
import itertools
import marshal
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES = 20  # of a diff of texts
_WIDTH = 160  # characters of a line that is shown
_ROW, _ROWS = 16, 2  # bytes in a row of a hexdump, rows
_HEADER = (("magic number", 0, 4), ("flags", 4, 8), ("hash of the source", 8, 16))  # PEP 552
_SAME_CODE = (
    "it is bytecode of the same code: marshal wrote other reference flags, which depend on"
    " what the process that compiled it had interned before (cpython#129724)"
)
_ABSENT = object()


def of_files(path: str, first: bytes, second: bytes) -> list[str]:
    """Show how the contents of a file differ; `path` says what kind of file it is."""
    if path.endswith(".pyc"):
        return _of_bytecode(first, second)
    texts = _text(first), _text(second)
    if texts[0] is not None and texts[1] is not None:
        return _of_texts(texts[0], texts[1])
    return of_bytes(first, second)


def of_documents(first: Any, second: Any) -> tuple[str, list[str]] | None:
    """Return the path of the first key whose value differs (as `config.Env[3]`) and the two values."""
    found = next(_unequal("", first, second), None)
    if found is None:
        return None
    path, *values = found
    shown = ["absent" if value is _ABSENT else repr(value)[:_WIDTH] for value in values]
    return path, [f"- {shown[0]}", f"+ {shown[1]}"]


def of_bytes(first: bytes, second: bytes) -> list[str]:
    """Return the offset of the first byte that differs, and the bytes around it."""
    pairs = enumerate(itertools.zip_longest(first, second))
    offset = next((position for position, (one, other) in pairs if one != other), None)
    if offset is None:
        return ["no byte differs"]
    lengths = "" if len(first) == len(second) else f", {len(first):,} and {len(second):,} bytes long"
    return [
        f"the first byte that differs is at {offset:,} ({offset:#x}){lengths}",
        *(f"- {row}" for row in _hexdump(first, offset)),
        *(f"+ {row}" for row in _hexdump(second, offset)),
    ]


def _hexdump(content: bytes, offset: int) -> Iterator[str]:
    start = max(0, offset - _ROW // 2) // _ROW * _ROW
    rows = [content[at : at + _ROW] for at in range(start, start + _ROW * _ROWS, _ROW)]
    for number, row in enumerate(rows):
        text = "".join(chr(byte) if chr(byte).isprintable() and byte < 0x7F else "." for byte in row)  # noqa: PLR2004
        if row:
            yield f"{start + number * _ROW:08x}  {row.hex(' '):<{3 * _ROW}} |{text}|"
    if not rows[0]:
        yield f"{start:08x}  (it ended before)"


def _text(content: bytes) -> str | None:
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None


def _of_texts(first: str, second: str) -> list[str]:
    diff = list(difflib.unified_diff(first.splitlines(), second.splitlines(), n=1, lineterm=""))[2:]
    if not diff:
        return of_bytes(first.encode(), second.encode())  # only the ends of its lines
    shown = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in diff[:_LINES]]
    return [*shown, *([f"… {len(diff) - _LINES} more lines of difference"] if len(diff) > _LINES else [])]


def _of_bytecode(first: bytes, second: bytes) -> list[str]:
    """Show where bytecode differs; the code itself only where this Python is of the version that wrote it."""
    for name, start, end in _HEADER:
        if first[start:end] != second[start:end]:
            return [
                f"its {name} (bytes {start}-{end - 1}) differs",
                f"- {first[start:end].hex()}",
                f"+ {second[start:end].hex()}",
            ]
    codes = _code(first), _code(second)
    if codes[0] is None or codes[1] is None:
        return ["it is bytecode of another Python than this one", *of_bytes(first, second)]
    found = next(_unequal_code(codes[0], codes[1]), None)
    if found is None:
        return [_SAME_CODE, *of_bytes(first, second)]
    name, attribute, one, other = found
    return [
        f"it is bytecode; {attribute} of the code {name} differs",
        f"- {one!r}"[:_WIDTH],
        f"+ {other!r}"[:_WIDTH],
    ]


def _code(content: bytes) -> CodeType | None:
    if content[:4] != importlib.util.MAGIC_NUMBER:
        return None
    try:
        code = marshal.loads(content[16:])  # noqa: S302 - it is never run
    except (ValueError, EOFError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _unequal_code(first: CodeType, second: CodeType) -> Iterator[tuple[str, str, object, object]]:
    inner = [[item for item in code.co_consts if isinstance(item, CodeType)] for code in (first, second)]
    for one, other in zip(*inner, strict=False):
        yield from _unequal_code(one, other)
    for attribute in sorted(name for name in dir(first) if name.startswith("co_")):
        values = getattr(first, attribute), getattr(second, attribute)
        if attribute == "co_consts":
            values = _without_code(first), _without_code(second)
        if not callable(values[0]) and values[0] != values[1]:
            yield first.co_qualname, attribute, *values


def _without_code(code: CodeType) -> tuple[object, ...]:
    """Return the constants, code by its name alone: what differs in it is told of itself."""
    return tuple(item.co_qualname if isinstance(item, CodeType) else item for item in code.co_consts)


def _unequal(path: str, first: Any, second: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted(first.keys() | second.keys()):
            inner = f"{path}.{key}" if path else str(key)
            yield from _unequal(inner, first.get(key, _ABSENT), second.get(key, _ABSENT))
    elif isinstance(first, list) and isinstance(second, list):
        for number, (one, other) in enumerate(itertools.zip_longest(first, second, fillvalue=_ABSENT)):
            yield from _unequal(f"{path}[{number}]", one, other)
    elif first != second:
        yield path, first, second
