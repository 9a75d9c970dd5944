"""Names of images: what is one, what is none, and who may be asked in clear text."""

from __future__ import annotations

import pytest

from airlock.errors import ConfigError
from airlock.registry.reference import Repository, reference, repository

DIGEST = f"sha256:{'a' * 64}"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        (f"{ECR}/airflow", ECR, "airflow"),
        ("localhost:5000/a/b-c/d__e", "localhost:5000", "a/b-c/d__e"),
        ("[::1]:5000/x", "[::1]:5000", "x"),
        ("127.0.0.1/x.y", "127.0.0.1", "x.y"),
    ],
)
def test_a_repository_is_a_host_and_a_path(text: str, host: str, path: str) -> None:
    assert repository(text) == Repository(host, path)
    assert str(repository(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "airflow", "team/airflow", f"{ECR}/", f"{ECR}/Airflow", f"{ECR}//x", f"{ECR}/x/", f"https://{ECR}/x",
        f"{ECR}/x:tag", f"user:secret@{ECR}/x", f"{ECR}/../x", f"{ECR}/x?y", "", f"{ECR}/{'x' * 300}", "host:99:99/x",
        "a..b/x", "-a.b/x", f"{'a' * 64}.com/x",
    ],
)  # fmt: skip
def test_what_names_no_repository_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no repository"):
        repository(text)


@pytest.mark.parametrize(
    "text", [f"user:secret@{ECR}/x", f"https://user:secret@{ECR}/x", "u:secret@x@y/z:tag"]
)
def test_a_password_in_a_name_is_not_told(text: str) -> None:
    for read in (repository, reference):
        with pytest.raises(ConfigError) as caught:
            read(text)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "tag", "digest"),
    [
        (f"{ECR}/x:1.2", "1.2", ""),
        (f"{ECR}/x@{DIGEST}", "", DIGEST),
        (f"{ECR}/x:1.2@{DIGEST}", "1.2", DIGEST),
        ("localhost:5000/x", "usual", ""),
        ("localhost:5000/x:1", "1", ""),
    ],
)
def test_an_image_is_named_by_tag_or_digest(text: str, tag: str, digest: str) -> None:
    found = reference(text, "usual")
    assert (found.tag, found.digest) == (tag, digest)
    assert found.name == (digest or tag)


@pytest.mark.parametrize(
    "text", [f"{ECR}/x:-a", f"{ECR}/x@sha256:abc", f"{ECR}/x@{DIGEST}x", f"{ECR}/x:{'a' * 129}"]
)
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no image"):
        reference(text)


def test_a_repository_alone_names_no_image() -> None:
    with pytest.raises(ConfigError, match="but a repository"):
        reference(f"{ECR}/x")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.9", "http://127.0.0.9"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
        ("localhost.example.com", "https://localhost.example.com"),
        ("127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        (ECR, f"https://{ECR}"),
    ],
)
def test_plain_http_is_for_this_machine_alone(host: str, url: str) -> None:
    assert Repository(host, "x").url == url
