from __future__ import annotations

from airlock.index.locations import as_url, redact, redact_text


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
