"""The identity of a job of GitHub Actions, for AWS: its OpenID Connect token, where boto3 looks for one.

boto3 itself takes the role of AWS_ROLE_ARN with what is in AWS_WEB_IDENTITY_TOKEN_FILE
(AssumeRoleWithWebIdentity): no other action, and no key that outlives the job, is needed. A token is good for some
minutes, hence a new one before each use. Run as `python -m airlock.web_identity` by `make web-identity`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock import writing
from airlock.errors import AirlockError, AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

URL, TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"
AUDIENCE = "sts.amazonaws.com"
_REMEDIES = {
    URL: "give the job: permissions: id-token: write",
    TOKEN: "give the job: permissions: id-token: write",
    FILE: f"set {FILE} to a file outside the work tree",
}
_SECONDS = 20
_ATTEMPTS = 3


class Fetch(Protocol):
    """Gets the JSON object of a URL, with a bearer token. Raises AwsError."""

    def __call__(self, url: str, bearer: str, /) -> Mapping[str, object]: ...


def write(environ: Mapping[str, str], fetch: Fetch) -> None:
    """Write the job's token to the file. Raises AwsError, which never tells a token."""
    missing = [name for name in _REMEDIES if not environ.get(name)]
    if missing:
        raise AwsError(
            "this is no job that may have an identity",
            cause=f"not set: {', '.join(missing)}",
            remedy="\n".join(dict.fromkeys(_REMEDIES[name] for name in missing)),
        )
    token = fetch(f"{environ[URL]}&audience={AUDIENCE}", environ[TOKEN]).get("value")
    if not isinstance(token, str) or not token:
        raise AwsError(
            "there is no identity for this job", cause="the answer holds no token", remedy="run it again"
        )
    with writing.replacing(Path(environ[FILE]), mode=0o600) as file:
        file.write(token.encode())


def get(url: str, bearer: str) -> Mapping[str, object]:
    """Ask the service of GitHub Actions. Raises AwsError."""
    import requests  # noqa: PLC0415 - costs 0.1 s

    cause = ""
    for _ in range(_ATTEMPTS):
        try:
            answer = requests.get(url, headers={"Authorization": f"bearer {bearer}"}, timeout=_SECONDS)
            if answer.ok:
                told = answer.json()
                return told if isinstance(told, dict) else {}
            cause = f"status {answer.status_code}"
        except (requests.RequestException, ValueError) as error:
            cause = type(error).__name__
    raise AwsError("there is no identity for this job", cause=cause, remedy="run it again")


if __name__ == "__main__":
    try:
        write(os.environ, get)
    except AirlockError as error:
        sys.exit(f"airlock: {error}")
