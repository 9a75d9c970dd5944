"""Checks that Debian signed a file: gpgv or sqv against the keyring of Debian's archive."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from airlock import process
from airlock.errors import ResolveError

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)


class Verifier(Protocol):
    """Returns the signed text of a clear-signed file, and nothing around it. Raises ResolveError."""

    def verified(self, signed: bytes, what: str) -> bytes: ...


@dataclass(frozen=True)
class Keyring:
    """Believes whoever a keyring holds; `program` is gpgv or sqv (Debian has either, by release)."""

    program: Path
    keyring: Path

    def verified(self, signed: bytes, what: str) -> bytes:
        if self.program.name == "sqv":
            return self._sqv(signed, what)
        command: list[process.Arg] = [
            self.program,
            "--keyring",
            self.keyring,
            "--weak-digest",
            "SHA1",
            "--status-fd",
            "2",
            "--output",
            "-",
            "-",
        ]
        done = process.run(command, stdin=signed, check=False)
        # The exit code does not tell: it is 2 also where only one of several signatures is by a key that this
        # keyring does not hold yet, as happens on an older Debian. The status lines do (gnupg's doc/DETAILS).
        status = [
            line.split()[1:2]
            for line in done.stderr.decode(errors="replace").splitlines()
            if _is_status(line)
        ]
        good, bad = status.count(["GOODSIG"]), status.count(["BADSIG"])
        if not good or bad or status.count(["PLAINTEXT"]) != 1:
            raise _refusal(what, self.keyring, done.stderr)
        return done.stdout

    def _sqv(self, signed: bytes, what: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            before, after = Path(folder, "signed"), Path(folder, "verified")
            before.write_bytes(signed)
            done = process.run(
                [self.program, "--keyring", self.keyring, "--cleartext", "--output", after, before],
                check=False,
            )
            if done.returncode or not after.exists():
                raise _refusal(what, self.keyring, done.stderr)
            return after.read_bytes()


def host_keyring() -> Keyring:
    """Return this machine's verifier. Raises ResolveError that names the package to install."""
    program = process.find("gpgv", "sqv")
    keyring = next((path for path in KEYRINGS if path.is_file()), None)
    if program is None or keyring is None:
        missing = [] if program else ["neither gpgv nor sqv is installed"]
        missing += [] if keyring else [f"{KEYRINGS[-1]} does not exist"]
        packages = ([] if program else ["gpgv"]) + ([] if keyring else ["debian-archive-keyring"])
        raise ResolveError(
            "Debian's signatures cannot be checked on this machine",
            cause="\n".join(missing),
            remedy=f"sudo apt-get install {' '.join(packages)}",
        )
    return Keyring(program, keyring)


def _is_status(line: str) -> bool:
    return line.startswith("[GNUPG:] ")


def _refusal(what: str, keyring: Path, said: bytes) -> ResolveError:
    lines = [line for line in said.decode(errors="replace").splitlines() if not _is_status(line)]
    return ResolveError(
        f"{what} is not signed by Debian",
        cause="\n".join([f"checked against {keyring}", *lines[-12:]]),
        remedy="update the package debian-archive-keyring, or use another mirror (AIRLOCK_DEBIAN_MIRROR)",
    )
