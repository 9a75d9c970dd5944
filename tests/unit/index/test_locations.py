from __future__ import annotations

import pytest

from airlock.index.locations import as_url, is_protected, redact, redact_text


def test_a_shown_url_has_no_secrets() -> None:
    url = "https://me:secret@files.example.invalid:8443/a/b.whl?token=secret#sha256=0"
    assert redact(url) == "https://files.example.invalid:8443/a/b.whl"
    assert redact("https://me:secret@[::1/a?token=secret") == "https://[::1/a"


def test_a_shown_message_has_no_credentials() -> None:
    assert (
        redact_text("cannot reach http://me:secret@p.example.invalid")
        == "cannot reach http://p.example.invalid"
    )


def test_a_path_becomes_a_file_url() -> None:
    assert as_url("/srv/my wheels") == "file:///srv/my%20wheels"
    assert as_url("https://a.example.invalid/simple") == "https://a.example.invalid/simple"


@pytest.mark.parametrize(
    ("url", "protected"),
    [
        ("https://a.example/x", True),
        ("http://127.0.0.1:80/x", True),
        ("http://127.1.2.3/x", True),
        ("http://[::1]:5000/x", True),
        ("http://LOCALHOST/x", True),
        ("http://a.example/x", False),
        ("http://127.0.0.1.a.example/x", False),
        ("http://localhost@a.example/x", False),
        ("http:///x", False),
        ("ftp://localhost/x", False),
        ("https://[x/", False),
    ],
)
def test_what_nobody_can_alter_is_https_or_of_this_machine(url: str, *, protected: bool) -> None:
    assert is_protected(url) is protected
