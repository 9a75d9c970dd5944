"""Ask this container's Airflow by its API, as the user that `standalone` made: METHOD PATH [JSON]; print JSON."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HOST = "http://127.0.0.1:8080"


def ask(method: str, path: str, body: Any = None, token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(HOST + path, data, headers, method=method)  # noqa: S310 - a constant
    try:
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310 - a constant
            return {"status": response.status, "body": json.loads(response.read() or b"null")}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode(errors="replace")}


def main(method: str, path: str, body: str = "null") -> None:
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    (user, password), *_ = json.loads(passwords.read_text(encoding="utf-8")).items()
    token = ask("POST", "/auth/token", {"username": user, "password": password})["body"]["access_token"]
    print(json.dumps(ask(method, path, json.loads(body), token)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
