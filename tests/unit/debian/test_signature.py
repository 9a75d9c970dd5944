"""How gpgv's answers are read; a stand-in program gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.debian.signature import Keyring
from airlock.errors import ResolveError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"Suite: trixie\n"
GOOD, BAD, PLAIN = "[GNUPG:] GOODSIG 1 Debian", "[GNUPG:] BADSIG 1 Debian", "[GNUPG:] PLAINTEXT 74 0"
UNKNOWN = "[GNUPG:] NO_PUBKEY 1"


def gpgv(folder: Path, status: list[str], code: int) -> Keyring:
    """Make a program that says `status` as gpgv does and prints the signed text."""
    program = folder / "gpgv"
    said = "".join(f"echo '{line}' >&2\n" for line in status)
    program.write_text(f"#!/bin/sh\n{said}cat\nexit {code}\n")
    program.chmod(0o755)
    return Keyring(program, folder / "keyring.gpg")


@pytest.mark.parametrize(("status", "code"), [([PLAIN, GOOD], 0), ([PLAIN, UNKNOWN, GOOD], 2)])
def test_one_good_signature_is_enough_whatever_keys_are_unknown(
    tmp_path: Path, status: list[str], code: int
) -> None:
    assert gpgv(tmp_path, status, code).verified(TEXT, "InRelease") == TEXT


@pytest.mark.parametrize(
    "status",
    [
        [],
        [PLAIN],
        [PLAIN, UNKNOWN],
        [PLAIN, BAD],
        [PLAIN, GOOD, BAD],
        [PLAIN, PLAIN, GOOD],
        [PLAIN, "[GNUPG:] EXPKEYSIG 1 Debian", "[GNUPG:] VALIDSIG 1"],
        [PLAIN, "gpgv: GOODSIG"],
    ],
)
def test_anything_less_is_refused(tmp_path: Path, status: list[str]) -> None:
    with pytest.raises(ResolveError, match="InRelease is not signed by Debian"):
        gpgv(tmp_path, status, 0).verified(TEXT, "InRelease")


def test_sqv_tells_by_its_exit_code_and_leaves_the_text_in_a_file(tmp_path: Path) -> None:
    program = tmp_path / "sqv"
    program.write_text(
        '#!/bin/sh\n[ "$3$4" = --cleartext--output ] && head -n 1 "$6" > "$5"\nexit $(wc -l < "$6")\n'
    )
    program.chmod(0o755)
    keyring = Keyring(program, tmp_path / "keyring.pgp")
    assert keyring.verified(b"no newline", "InRelease") == b"no newline"
    with pytest.raises(ResolveError, match="is not signed by Debian"):
        keyring.verified(TEXT, "InRelease")
