"""Runs in the sandbox, on the image's Python: asks a build backend (PEP 517), and answers on stdout.

Arguments: what to ask for ("requires" or "wheel"), the backend, and the folders of backend-path. The source is
at /opt/source, read-only. The answer to "requires" is a JSON list; to "wheel" the file's name, a line feed and
its content. All that the backend prints goes to stderr.
"""

import importlib
import json
import os
import shutil
import sys

SOURCE, WORK, RESULT = "/opt/source", "/tmp/source", "/tmp/wheel"  # noqa: S108 - the sandbox's own


def main(question: str, backend: str, *backend_path: str) -> None:
    answer = os.dup(1)
    os.dup2(2, 1)
    os.umask(0o022)
    shutil.copytree(SOURCE, WORK, symlinks=True)
    set_times(WORK, int(os.environ["SOURCE_DATE_EPOCH"]))
    os.mkdir(RESULT)  # noqa: PTH102 - nothing that costs an import
    os.chdir(WORK)
    sys.path[:0] = [os.path.join(WORK, path) for path in backend_path]  # noqa: PTH118
    module, _, name = backend.partition(":")
    hooks = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        hooks = getattr(hooks, part)
    if question == "requires":
        ask = getattr(hooks, "get_requires_for_build_wheel", None)
        content = json.dumps(list(ask() if ask else [])).encode()
    else:
        filename = hooks.build_wheel(RESULT)
        with open(os.path.join(RESULT, filename), "rb") as file:  # noqa: PTH118, PTH123
            content = filename.encode() + b"\n" + file.read()
    with os.fdopen(answer, "wb") as out:
        out.write(content)


def set_times(folder: str, time: int) -> None:
    """Give all the same time: a build may note it, and `make` makes again what is older than its source."""
    for parent, _, names in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in names)):  # noqa: PTH118
            os.utime(path, (time, time), follow_symlinks=False)


main(*sys.argv[1:])
