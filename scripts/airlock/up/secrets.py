"""The secrets of an Airflow that is up: made for it, and kept in files that only their owner reads."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING

from airlock.up.folder import USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.up.folder import UpFolder


def write_password(folder: UpFolder) -> str:
    """Make a password for the UI and write it, as Airflow's SimpleAuthManager reads it."""
    password = secrets.token_urlsafe(12)
    folder.write_secret(folder.passwords, json.dumps({USER: password}) + "\n")
    return password


def write_compose_env(folder: UpFolder, settings: Mapping[str, str]) -> None:
    """Write what the compose file asks for: `settings`, and secrets."""
    made = {
        "LAB_ADMIN_PASSWORD": write_password(folder),
        "LAB_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "LAB_JWT_SECRET": secrets.token_urlsafe(64),  # HS512 wants 64 bytes (RFC 7518, section 3.2)
        "LAB_POSTGRES_PASSWORD": secrets.token_urlsafe(18),  # goes into a URL, and needs no quoting there
        "LAB_SECRET_KEY": secrets.token_urlsafe(48),
    }
    quoted = {
        name: value.replace("'", "\\'") for name, value in {**settings, **made}.items()
    }  # a path may have one
    lines = (f"{name}='{value}'\n" for name, value in quoted.items())
    folder.write_secret(folder.compose_env, "".join(lines))
