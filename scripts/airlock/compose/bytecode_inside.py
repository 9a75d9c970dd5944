"""Runs in the image's own interpreter, alone in its process: compiles sources read from stdin to stdout.

Both streams are `count`, then for each file `path length, path, content length, content`, all lengths as
8 bytes big-endian. A source that does not compile is answered with empty content. The bytecode is
unchecked-hash (PEP 552): valid whatever the time stamps say, and never looked at again.

A process of its own for each package, its files in one order, PYTHONHASHSEED fixed: marshal's reference
flags depend on what the process interned before (cpython#129724).
"""

import importlib.util
import marshal
import sys
import warnings

UNCHECKED_HASH = (0b01).to_bytes(4, "little")


def main() -> None:
    warnings.simplefilter("ignore")  # a package's invalid escapes are its own business
    source, result = sys.stdin.buffer, sys.stdout.buffer
    for _ in range(int.from_bytes(source.read(8), "big")):
        path = source.read(int.from_bytes(source.read(8), "big")).decode()
        code = compiled(path, source.read(int.from_bytes(source.read(8), "big")))
        result.write(len(code).to_bytes(8, "big") + code)


def compiled(path: str, content: bytes) -> bytes:
    try:
        code = compile(content, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, UnicodeDecodeError, RecursionError):
        return b""  # templates, and tests of broken syntax: Python would refuse them too
    except MemoryError as error:
        if "too complex" not in str(error):  # else memory is short: what is left out must not depend on it
            raise
        return b""
    return (
        importlib.util.MAGIC_NUMBER
        + UNCHECKED_HASH
        + importlib.util.source_hash(content)
        + marshal.dumps(code)
    )


main()
