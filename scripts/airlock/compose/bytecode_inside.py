"""Runs in the image's own interpreter: compiles the sources of one package after the other, from stdin to stdout.

A request is its length and `count`, then for each file `path length, path, content length, content`; the answer
is `content length, content` for each; all lengths are 8 bytes big-endian. A source that does not compile is
answered with empty content. The bytecode is unchecked-hash (PEP 552): valid whatever the time stamps say, and
never looked at again.

Each package has a process of its own, forked from one that never compiled, its files in one order and
PYTHONHASHSEED fixed: marshal's reference flags depend on what the process interned before (cpython#129724).
"""

import importlib.util
import io
import marshal
import os
import sys
import warnings

UNCHECKED_HASH = (0b01).to_bytes(4, "little")


def main() -> None:
    warnings.simplefilter("ignore")  # a package's invalid escapes are its own business
    while length := int.from_bytes(sys.stdin.buffer.read(8), "big"):
        request = sys.stdin.buffer.read(length)
        child = os.fork()
        if not child:
            answer(io.BytesIO(request))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            sys.exit(f"a process that compiled ended with {status}")


def answer(source: io.BytesIO) -> None:
    result = sys.stdout.buffer
    for _ in range(int.from_bytes(source.read(8), "big")):
        path = source.read(int.from_bytes(source.read(8), "big")).decode()
        code = compiled(path, source.read(int.from_bytes(source.read(8), "big")))
        result.write(len(code).to_bytes(8, "big") + code)
    result.flush()


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
