"""Pack the function as AWS Lambda wants it: `python infra/outbox/pack.py build/outbox.zip` prints its sha256.

Equal files give equal bytes, so that Terraform deploys only what changed. The handler's name is
airlock_outbox.function.handler, the runtime python3.13 (which has boto3).
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEC = HERE.parents[1] / "scripts" / "airlock_spec" / "airlock_spec"
ROOTS = (HERE / "airlock_outbox", SPEC / "outbox")
EMPTY = "airlock_spec/__init__.py"  # of that package, the function has one folder and one module
TIME = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can say


def files() -> dict[str, bytes]:
    """Return what is packed, by its name in the zip."""
    found = {EMPTY: b"", "airlock_spec/document.py": (SPEC / "document.py").read_bytes()}
    for root in ROOTS:
        package = "airlock_spec/outbox" if root.name == "outbox" else root.name
        found |= {f"{package}/{path.name}": path.read_bytes() for path in root.glob("*.py")}
    return found


def pack() -> bytes:
    """Return the zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # stored: no compressor's version has a say
        for name, data in sorted(files().items()):
            member = zipfile.ZipInfo(name, TIME)
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return buffer.getvalue()


def main(target: Path) -> int:
    data = pack()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_bytes(data)
    beside.replace(target)
    sys.stdout.write(f"sha256:{hashlib.sha256(data).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and where to
        sys.exit("which file? python infra/outbox/pack.py build/outbox.zip")
    sys.exit(main(Path(sys.argv[1])))
