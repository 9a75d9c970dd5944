from __future__ import annotations

import pytest

from airlock.certificates import Certificate, CertificateFile
from airlock.compose import elf, entry, trust
from airlock.compose.trust import BUNDLES, Links
from authorities import Signed

ONE, OTHER = Signed.authority("One"), Signed.authority("Other")
SITE = "opt/venv/lib/python3.13/site-packages"


def own(name: str, *authorities: Signed) -> CertificateFile:
    return CertificateFile(name, tuple(Certificate(one.der, "", 0) for one in authorities))


def store(entries: list[entry.Entry]) -> str:
    return next(item.content for item in entries if item.path == trust.STORE.lstrip("/")).decode()


def test_the_store_is_debians_roots_by_name_and_then_the_projects_each_once() -> None:
    root, third = Signed.authority("Root"), Signed.authority("Third")
    debian = [
        entry.file("usr/share/ca-certificates/mozilla/Z.crt", root.pem),
        entry.file("usr/share/ca-certificates/mozilla/A.crt", OTHER.pem),
        entry.file("usr/share/doc/ca-certificates/examples/Local.crt", "no certificate"),
    ]
    made = trust.entries(debian, [own("a.pem", root, ONE), own("b.pem", ONE, third)])
    assert store(made) == OTHER.pem + root.pem + ONE.pem + third.pem


def test_each_file_of_the_project_stands_alone_too() -> None:
    made = {item.path: item.content for item in trust.entries([], [own("rds/global.pem", ONE, OTHER)])}
    assert made["usr/local/share/ca-certificates/rds/global.pem"].decode() == ONE.pem + OTHER.pem


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/certifi/cacert.pem",
        f"{SITE}/pip/_vendor/certifi/cacert.pem",
        f"{SITE}/botocore/cacert.pem",
        f"{SITE}/awscli/botocore/cacert.pem",
        f"{SITE}/grpc/_cython/_credentials/roots.pem",
        f"{SITE}/httplib2/cacerts.txt",
    ],
)
def test_the_roots_that_packages_bring_give_way(path: str) -> None:
    assert Links(exists=True, bundles=BUNDLES).replaces(path)
    assert not Links(exists=False, bundles=BUNDLES).replaces(path)
    assert not Links(exists=True).replaces(path)


@pytest.mark.parametrize(
    "path", [f"{SITE}/redshift_connector/files/redshift-ca-bundle.crt", f"{SITE}/certifi/core.py"]
)
def test_what_trusts_one_service_on_purpose_stays(path: str) -> None:
    assert not Links(exists=True, bundles=BUNDLES).replaces(path)


def library(*folders: str) -> entry.Entry:
    texts = b"".join(b'\0OPENSSLDIR: "%s"\0' % folder.encode() for folder in folders)
    return entry.file("x/libcrypto.so.3", elf.MAGIC + texts)


def test_an_openssl_that_a_package_brings_finds_the_store_where_it_looks() -> None:
    links = Links(exists=True)
    made = links.of_openssl([library("/usr/lib/psycopg-openssl", "/host/tmp/libpq.build"), library("/lib/x")])
    assert [(item.path, item.target) for item in made] == [
        ("host/tmp/libpq.build/cert.pem", trust.STORE),
        ("usr/lib/x/cert.pem", trust.STORE),  # through the merged /usr
        ("usr/lib/psycopg-openssl/cert.pem", trust.STORE),
    ]
    assert Links(exists=False).of_openssl([library("/usr/lib/x")]) == []


def test_a_path_that_leads_elsewhere_or_a_text_is_no_openssl() -> None:
    text = entry.file("README", 'OPENSSLDIR: "/usr/lib/x"')
    assert Links(exists=True).of_openssl([library("/a/../b", "relative", "/with space"), text]) == []
