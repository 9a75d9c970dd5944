"""Which variables and arguments of a container hold a secret in the clear; the value itself is never given on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from airlock.verify.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.services import Container

# Options of Airflow that are secrets, whatever stands there, and those that are URLs, perhaps with a password.
_OPTIONS = frozenset(
    (
        "fernet_key",
        "secret_key",
        "jwt_secret",
        "internal_api_secret_key",
        "smtp_password",
        "flower_basic_auth",
    )
)
_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|FERNET_?KEY|SECRET_?KEY"
    r"|CREDENTIALS?|CLIENT_SECRET|AUTH_?TOKEN)$"
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@?#]*:(?P<password>[^@\s/]+)@", re.IGNORECASE)
_AWS_KEY = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")
_PRIVATE = "-----BEGIN "
# A value that names a secret, or is none: an ARN, a path, a number, a switch, what a shell fills in.
_NAMES_IT = re.compile(r"^(?:arn:\S+|/\S*|\d+|true|false|none|\$\{?\w+\}?|\{\{.*\}\})?$", re.IGNORECASE)


def of(container: Container) -> Iterator[tuple[str, str]]:
    """Give where a container holds a secret in the clear, and what shows that; no value."""
    for name, value in container.environment.items():
        if reason := _reason(name, value):
            yield name, reason
    for index, argument in enumerate(container.command):
        if reason := _by_value(argument):
            yield f"command[{index}]", reason


def _reason(name: str, value: str) -> str:
    if value == UNKNOWN:
        return "its name" if _secret_by_name(name) else ""
    if reason := _by_value(value):
        return reason
    if name.startswith("AIRFLOW_CONN_") and _password_of_connection(value):
        return "a password in the connection"
    return "its name" if _secret_by_name(name) and not _NAMES_IT.match(value) else ""


def _secret_by_name(name: str) -> bool:
    """Tell whether a variable's name says that it holds a secret.

    Airflow's own are AIRFLOW__SECTION__KEY: with `_SECRET` or `_CMD` behind an option they hold where it is to be had.
    """
    if not name.startswith("AIRFLOW__"):
        return bool(_NAME.search(name.upper()))
    option = name.lower().split("__", 2)[-1]
    if option in _OPTIONS:
        return True
    return not option.endswith(("_cmd", "_secret")) and bool(_NAME.search(option.upper()))


def _by_value(value: str) -> str:
    found = _URL.search(value)
    if found and not found["password"].startswith(("$", "{{")):
        return "a password in a URL"
    if _AWS_KEY.search(value):
        return "an access key of AWS"
    return "a private key" if _PRIVATE in value and "PRIVATE KEY" in value else ""


def _password_of_connection(value: str) -> bool:
    try:
        read = json.loads(value)
    except ValueError:
        return False
    if not isinstance(read, dict):
        return False
    extra = read.get("extra")
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except ValueError:
            extra = {}
    inner = extra if isinstance(extra, dict) else {}
    return bool(read.get("password")) or any(
        isinstance(held, str) and held and _NAME.search(key.upper()) and not _NAMES_IT.match(held)
        for key, held in inner.items()
    )
