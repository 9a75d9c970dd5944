# ruff: noqa: INP001 - a program for the image, no module
"""Finishes what uv installed: links to the trust store, bytecode for every module, and a RECORD that lists both.

Run by the image's Python in the steps of the Dockerfile; `bytecode.py` is the toolchain's own compiler,
which forks for each distribution, for what a process compiled before changes the bytes of what it compiles
next. uv leaves INSTALLER to us (UV_NO_INSTALLER_METADATA): without one a distribution is new.
"""

import base64
import csv
import fnmatch
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

SITE = Path(sysconfig.get_path("purelib"))
OWN = threading.local()
COMPILER = [sys.executable, "-S", "-B", "-s", "-P", Path(__file__).with_name("bytecode.py")]
INSTALLER = b"airlock\n"
TRUST = json.loads(Path("/wheels/trust.json").read_text())  # the store, "" for none, and which files give way
OPENSSL = re.compile(rb'OPENSSLDIR: "/([A-Za-z0-9._+/-]+)"')
OUTSIDE = re.compile(r"^\.\./\.\./\.\./(bin/|include/site/python[^/]+/[^/]+/)?")


def main() -> None:
    new = [folder for folder in SITE.glob("*.dist-info") if not (folder / "INSTALLER").exists()]
    new.sort(key=lambda folder: (folder / "RECORD").stat().st_size, reverse=True)  # the long work first
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(finish, new))
    Path(sys.prefix, ".lock").unlink(missing_ok=True)  # uv's, of the environment


def finish(dist_info: Path) -> None:
    with (dist_info / "RECORD").open(newline="") as file:
        rows = {path: [digest, size] for path, digest, size in csv.reader(file)}
    (dist_info / "INSTALLER").write_bytes(INSTALLER)
    digest = base64.urlsafe_b64encode(hashlib.sha256(INSTALLER).digest()).decode().rstrip("=")
    rows[f"{dist_info.name}/INSTALLER"] = [f"sha256={digest}", str(len(INSTALLER))]
    rows |= {path: ["", ""] for path in linked(rows)}
    modules = sorted(path for path in rows if path.endswith(".py") and not path.startswith("../"))
    rows |= {path: ["", ""] for path in compiled(modules)}
    with (dist_info / "RECORD").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([path, *rows[path]] for path in sorted(rows, key=in_scheme))
    (dist_info / "RECORD").chmod(0o644)


def linked(paths: Iterable[str]) -> list[str]:
    """Link the files that hold trusted roots to the trust store, and return them; and what an OpenSSL looks for."""
    store, replaced = TRUST["store"], []
    for path in paths if store else ():
        place = Path(os.path.normpath(SITE / path))
        if any(fnmatch.fnmatchcase(str(place), pattern) for pattern in TRUST["bundles"]):
            replaced.append(path)
            link(place, store)
            continue
        with place.open("rb") as file:
            content = file.read() if file.read(4) == b"\x7fELF" else b""
        for folder in {found.decode().strip("/") for found in OPENSSL.findall(content)}:
            if not {"", ".", ".."} & set(folder.split("/")):
                link(Path("/", folder, "cert.pem"), store)
    return replaced


def link(path: Path, store: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{threading.get_ident()}")  # two packages may have the same OpenSSL
    beside.symlink_to(store)
    beside.replace(path)


def compiled(modules: list[str]) -> list[str]:
    """Write the bytecode of modules, and return the paths that have some: templates may have none."""
    request = [len(modules).to_bytes(8, "big")]
    for path in modules:
        for part in (str(SITE / path).encode(), (SITE / path).read_bytes()):
            request += (len(part).to_bytes(8, "big"), part)
    served = compiler()
    served.stdin.write(sum(map(len, request)).to_bytes(8, "big") + b"".join(request))
    served.stdin.flush()
    written = []
    for path in modules:
        code = exactly(served.stdout, int.from_bytes(exactly(served.stdout, 8), "big"))
        if code:
            written.append(importlib.util.cache_from_source(path))
            target = SITE / written[-1]
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(code)
    return written


def compiler() -> subprocess.Popen[bytes]:
    """Return this thread's own compiler, which forks for each distribution; it ends with us."""
    if not hasattr(OWN, "compiler"):
        pipe = subprocess.PIPE
        OWN.compiler = subprocess.Popen(COMPILER, stdin=pipe, stdout=pipe, env={"PYTHONHASHSEED": "0"})
    return OWN.compiler


def exactly(stream: IO[bytes], size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        sys.exit("the compiler ended before it had answered")
    return found


def in_scheme(path: str) -> str:
    """Return a path of RECORD as the wheel has it: programs, headers and data lie outside site-packages."""
    return OUTSIDE.sub("", path)


main()
