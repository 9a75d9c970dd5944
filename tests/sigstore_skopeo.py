"""A skopeo that knows sigstore's signatures: bookworm's is built without them, trixie's has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airlock import config, process
from airlock.debian import sources
from airlock.errors import AirlockError
from project import REPOSITORY

# skopeo's libraries, with trixie's own loader: they run on any older system
_PACKAGES = (
    "skopeo", "libassuan9", "libc6", "libgcc-s1", "libgpg-error0", "libgpgme11t64", "libsqlite3-0", "libsubid5",
)  # fmt: skip
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


def find(folder: Path) -> Path:
    """Return this machine's skopeo where it will do, else Debian trixie's, unpacked in the folder; or skip."""
    here = process.find("skopeo")
    if here and b"generate-sigstore-key" in process.run([here, "--help"]).stdout:
        return here
    if not (process.find("apt-get") and process.find("dpkg-deb") and Path(_KEYRING).is_file()):
        pytest.skip("skopeo knows no sigstore here: install skopeo 1.10 or later, then: make integration")
    try:
        return _unpacked(folder)
    except AirlockError as error:
        pytest.skip(f"Debian's skopeo cannot be had ({error}): install skopeo 1.10 or later")


def _unpacked(folder: Path) -> Path:
    mirror = sources.find(config.load(REPOSITORY)).debian
    for name in ("state/lists/partial", "cache/archives/partial", "debs", "root"):
        (folder / name).mkdir(parents=True)
    (folder / "state" / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING} arch=amd64] {mirror} trixie main\n")
    settings = {
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state" / "status",
    }
    (folder / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    apt: list[str | Path] = ["apt-get", "--config-file", folder / "apt.conf", "-qq"]
    process.run([*apt, "update"])
    process.run([*apt, "download", *_PACKAGES], cwd=folder / "debs")
    for deb in (folder / "debs").glob("*.deb"):
        process.run(["dpkg-deb", "-x", deb, folder / "root"])
    root, program = folder / "root", folder / "skopeo"
    libraries = root / _LIBRARIES
    loaded = f'"{libraries}/ld-linux-x86-64.so.2" --library-path "{libraries}"'
    program.write_text(f'#!/bin/sh\nexec {loaded} "{root}/usr/bin/skopeo" "$@"\n')
    program.chmod(0o755)
    process.run([program, "--version"])
    return program
