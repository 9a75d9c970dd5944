"""A company's folder of DAGs in any number of files: Python of 1 to 6 kB, with SQL and YAML beside it."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

from benchmarks import generated_dags

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER = 100  # files in one folder
_AGE = 10.0  # seconds
_SQL, _YAML = 7, 13  # each so-many-th file is one
_SYLLABLES = (
    "ord",
    "cust",
    "prod",
    "ret",
    "stor",
    "pri",
    "sup",
    "load",
    "clean",
    "mart",
    "dim",
    "fact",
    "hist",
)


def write(folder: Path, count: int) -> None:
    """Write so many files; the same number gives the same."""
    for number in range(count):
        path = folder / name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, source(number))


def edit(folder: Path, count: int, number: int) -> None:
    """Change one file, another each time; its size changes, too, which all peers notice."""
    paths = [name(one) for one in range(count) if name(one).endswith(".py")]
    path = folder / paths[(number * 977) % len(paths)]
    _write(path, f"{path.read_text()}\nEDITED = {number}\n")


def _write(path: Path, text: str) -> None:
    """Write a file a while ago: S3's whole seconds make what is as young as its object look younger."""
    path.write_text(text)
    written = time.time() - _AGE
    os.utime(path, (written, written))


def name(number: int) -> str:
    kind = "sql" if number % _SQL == 0 else "yaml" if number % _YAML == 0 else "py"
    return f"team_{number // _FOLDER:03}/{'dag' if kind == 'py' else 'part'}_{number:05}.{kind}"


def source(number: int) -> str:
    chosen = random.Random(number)  # noqa: S311 - to be the same each time
    size = round(1000 * chosen.triangular(1, 6, 2.2))
    if name(number).endswith(".sql"):
        return _filled("-- what is loaded\n", _columns(chosen), size // 2)
    if name(number).endswith(".yaml"):
        return _filled("# how it is loaded\n", _settings(chosen), size // 3)
    return _filled(generated_dags.source(number) + "\n\n", _functions(chosen), size)


def _filled(text: str, parts: Iterator[str], size: int) -> str:
    while len(text) < size:
        text += next(parts)
    return text


def _columns(chosen: random.Random) -> Iterator[str]:
    while True:
        table, column = _word(chosen), _word(chosen)
        yield f"CALL load_{table}('{column}', {chosen.randrange(10_000)}, {_word(chosen)}, {{{{ ds }}}});\n"


def _settings(chosen: random.Random) -> Iterator[str]:
    while True:
        yield f"{_word(chosen)}:\n  {_word(chosen)}: {chosen.randrange(10_000)}\n  owner: {_word(chosen)}\n"


def _functions(chosen: random.Random) -> Iterator[str]:
    while True:
        one, other = _word(chosen), _word(chosen)
        yield (
            f"def {one}({other}: int = {chosen.randrange(1000)}) -> int:\n"
            f'    """Return the {_word(chosen)} of {_word(chosen)} as {other}."""\n'
            f"    return {other} * {chosen.randrange(100)} + {chosen.random():.6f}\n\n\n"
        )


def _word(chosen: random.Random) -> str:
    return "_".join(chosen.choice(_SYLLABLES) for _ in range(3)) + str(chosen.randrange(100))
