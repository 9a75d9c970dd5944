"""Unit tests run without a network: opening a socket fails the test."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import hypothesis
import pytest
import urllib3  # noqa: F401 - tries a socket when it is first imported, before any test may not

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples each time; AIRLOCK_TEST_ROUNDS=50 tries so many times more.
hypothesis.settings.register_profile(
    "airlock",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50 * int(os.environ.get("AIRLOCK_TEST_ROUNDS", "1")),
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.too_slow,
    ],
)
hypothesis.settings.load_profile("airlock")


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Block sockets in every unit test."""


@pytest.fixture(scope="session")
def models() -> Iterator[None]:
    """Read botocore's descriptions of AWS once: each session would parse megabytes of them anew."""
    from botocore.loaders import JSONFileLoader, Loader  # noqa: PLC0415 - few tests need it

    class Remembering(JSONFileLoader):
        @staticmethod
        @functools.cache
        def load_file(file_path: str) -> object:
            return JSONFileLoader().load_file(file_path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "FILE_LOADER_CLASS", Remembering)
        yield


@pytest.fixture
def aws(models: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a region, and moto in the place of AWS."""
    from moto import mock_aws  # noqa: PLC0415 - as above

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def aws_keys(models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give boto3 credentials, a region, and nobody to ask."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-a-test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
