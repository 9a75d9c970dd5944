"""The lab's certificates, as strict clients see them: a handshake in memory."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from airlock_lab import authority, aws

if TYPE_CHECKING:
    from airlock_lab.authority import Issued

NAMES = list(aws.names("us-east-1"))


@pytest.fixture(scope="module")
def issued() -> Issued:
    return authority.issue(NAMES)


def shake_hands(issued: Issued, name: str, trusted: bytes | None = None) -> None:
    """Connect a client that trusts the authority to a server, through two buffers."""
    client = ssl.create_default_context(cadata=(trusted or issued.authority).decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # the default since Python 3.13
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=name),
        issued.context().wrap_bio(there, back, server_side=True),
    ]
    done: set[int] = set()
    while len(done) < 2:
        for index, end in enumerate(ends):
            try:
                end.do_handshake()
                done.add(index)
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize(
    "name",
    [
        "secretsmanager.us-east-1.amazonaws.com",
        "s3.us-east-1.amazonaws.com",
        "airlock-lab-data.s3.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "api.ecr.us-east-1.amazonaws.com",
        "localhost",
    ],
)
def test_aws_is_trusted_under_its_real_names(issued: Issued, name: str) -> None:
    shake_hands(issued, name)


@pytest.mark.parametrize("name", ["ec2.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "example.com"])
def test_it_is_not_under_others(issued: Issued, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(issued, name)


def test_another_start_has_another_authority(issued: Issued) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(issued, "localhost", trusted=authority.issue(NAMES).authority)


def test_what_is_published_holds_no_key(issued: Issued) -> None:
    assert b"PRIVATE" not in issued.authority
    assert issued.authority.count(b"BEGIN CERTIFICATE") == 1
