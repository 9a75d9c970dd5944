from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest

from airlock import certificates
from airlock.errors import ConfigError
from authorities import Signed

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = Signed.authority("One"), Signed.authority("Other")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project/image/certificates"
    made.mkdir(parents=True)
    return made


def read(folder: Path) -> tuple[certificates.CertificateFile, ...]:
    return certificates.read(folder, folder.parents[1])


def refused(folder: Path) -> list[str]:
    """Return the problems, which must be all that reading gives."""
    with pytest.raises(ConfigError) as caught:
        read(folder)
    problems = caught.value.cause.splitlines()
    assert caught.value.fact.startswith(f"{len(problems)} problem")
    return problems


def test_a_project_without_the_folder_has_no_certificates(tmp_path: Path) -> None:
    assert certificates.read(tmp_path / "certificates", tmp_path) == ()


def test_files_come_by_name_and_certificates_as_they_stand(folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "b/two.crt").write_text(OTHER.pem + "\nOne, too:\n" + ONE.pem)
    (folder / "a.pem").write_text(ONE.pem)
    (folder / "README.md").write_text("where these come from")
    (folder / ".gitkeep").write_text("")
    found = read(folder)
    assert [file.name for file in found] == ["a.pem", "b/two.crt"]
    assert [[one.der for one in file.certificates] for file in found] == [[ONE.der], [OTHER.der, ONE.der]]
    assert found[0].certificates[0].subject == "One, Example"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + ONE.pem,
        ONE.pem.replace("\n", "\r\n"),
        ONE.pem.rstrip("\n"),
        f"# a comment -- of mine\nsubject=One\n-----\n{ONE.pem}\n- the end",
        ONE.pem.replace(" CERTIFICATE", " X509 CERTIFICATE"),
        ONE.pem.replace("-----\n", "-----  \n"),
    ],
    ids=["byte order mark", "CRLF", "no last newline", "comments", "old label", "spaces"],
)
def test_what_editors_and_tools_do_to_a_file_changes_nothing(folder: Path, text: str) -> None:
    (folder / "a.pem").write_text(text, newline="")
    assert [one.der for file in read(folder) for one in file.certificates] == [ONE.der]


def der(content: bytes) -> str:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.pem: holds no certificate"),
        ("nothing of the kind\n", "a.pem: holds no certificate"),
        (ONE.pem[:300], "a.pem: line 1: CERTIFICATE has no end: the file was cut off"),
        (ONE.pem.partition("\n")[2], ": nothing ends as CERTIFICATE"),
        (ONE.pem[1:], "a.pem: line 1: is neither a boundary nor a comment: ----BEGIN CERTIFICATE-----"),
        (ONE.pem + ONE.pem.replace("-----", "----"), ": is neither a boundary nor a comment: ----BEGIN CERT"),
        (ONE.pem[:200] + "\n" + ONE.pem, "a.pem: line 1: CERTIFICATE has no end"),
        (ONE.pem[:100] + "!" + ONE.pem[101:], "a.pem: line 1: is not base64"),
        (ONE.pem[:100] + ONE.pem[101:], "a.pem: line 1: is not base64"),
        (ONE.pem.replace("END CERT", "END X509 CERT"), "line 1: CERTIFICATE ends as X509 CERTIFICATE"),
        (der(ONE.der[:-9]), "a.pem: line 1: is no certificate that OpenSSL can read"),
        (der(b"\0" + ONE.der), "a.pem: line 1: is no certificate that OpenSSL can read"),
        (der(ONE.der + OTHER.der), "a.pem: line 1: is more than one certificate"),
        (ONE.server("10.0.0.1").pem, "a.pem: line 1: is the certificate of a server or client, not of a CA"),
        (ONE.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "line 1: is a CERTIFICATE REQUEST: only"),
        (ONE.pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "line 1: is a TRUSTED CERTIFICATE: only"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_certificates_of_authorities_is_refused(
    folder: Path, text: str, said: str
) -> None:
    (folder / "a.pem").write_text(text)
    assert any(said in problem for problem in refused(folder)), refused(folder)


def test_der_is_refused_with_the_command_that_converts_it(folder: Path) -> None:
    (folder / "a.crt").write_bytes(ONE.der)
    assert refused(folder) == ["a.crt: is DER, not PEM: openssl x509 -inform der -in FILE -out FILE.pem"]


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_a_private_key_is_refused_and_never_shown(folder: Path, label: str) -> None:
    key = ONE.key_pem.replace("PRIVATE KEY", label)
    (folder / "a.pem").write_text(ONE.pem + key)
    (said,) = refused(folder)
    assert said.startswith("a.pem: holds a PRIVATE KEY")
    assert key.splitlines()[1] not in said


def test_everything_that_is_wrong_is_said_at_once(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pem"
    outside.write_text(ONE.pem)
    (folder / "good.pem").write_text(ONE.pem)
    (folder / "a.pem").symlink_to(outside)
    (folder / "b.pem").symlink_to(folder / "nothing")
    (folder / "bb.pem").symlink_to(folder / "bb.pem")
    (folder / "c.cer").write_text(ONE.pem)
    (folder / "d.key").write_text(ONE.key_pem)
    (folder / "e.pem").write_text("x")
    (folder / "f").symlink_to(tmp_path, target_is_directory=True)
    (folder / "g\n.pem").write_text(ONE.pem)
    (folder / "h.pem").mkdir()
    (folder / "h.pem/i.PEM").write_text(ONE.pem)
    with pytest.raises(ConfigError) as caught:
        read(folder)
    said = str(caught.value)
    for line in (
        f"a.pem: is a symlink out of the project, to {outside}",
        "b.pem: is a symlink to nothing",
        "bb.pem: is a symlink to ",
        "c.cer: is not taken: PEM files are, named *.pem or *.crt",
        "d.key: is not taken",
        "e.pem: holds no certificate",
        "f: is not taken",
        ".pem: its name has characters that cannot be printed",
        "h.pem/i.PEM: is not taken",
    ):
        assert line in said
    assert "9 problems" in said


def test_a_symlink_inside_the_project_is_read(folder: Path) -> None:
    (folder.parent / "elsewhere.pem").write_text(ONE.pem)
    (folder / "a.pem").symlink_to("../elsewhere.pem")
    assert [one.der for file in read(folder) for one in file.certificates] == [ONE.der]


def test_a_name_in_a_certificate_commands_no_terminal(folder: Path) -> None:
    (folder / "a.pem").write_text(Signed.authority("\x1b[31mOld", days=-3).pem)
    (warning,) = certificates.warnings(read(folder), time.time())
    assert "\x1b" not in warning


def test_a_folder_that_is_a_symlink_or_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert refused(folder) == ["certificates must be a folder, and no symlink"]
    folder.unlink()
    folder.write_text("")
    assert refused(folder) == ["certificates must be a folder, and no symlink"]


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("critical", "basic constraints that are not critical"),
        ("usage", "no key usage"),
        ("identifier", "no subject key identifier"),
    ],
)
def test_an_authority_that_python_refuses_is_taken_and_said(folder: Path, without: str, said: str) -> None:
    (folder / "a.pem").write_text(Signed.authority("Lax", without=without).pem)
    assert certificates.warnings(read(folder), time.time()) == [
        f"warning: image/certificates/a.pem: Lax, Example has {said}: Python 3.13 refuses what it signs"
    ]


def test_an_authority_that_expired_is_taken_and_said(folder: Path) -> None:
    (folder / "a.pem").write_text(ONE.pem + Signed.authority("Old", days=-3).pem)
    found = read(folder)
    (warning,) = certificates.warnings(found, time.time())
    assert warning.startswith("warning: image/certificates/a.pem: Old, Example expired on 20")
    assert certificates.warnings(found, time.time() - 4 * 86400) == []
