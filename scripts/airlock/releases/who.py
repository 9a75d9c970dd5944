"""Who publishes or rolls back, as the pointer tells it afterwards."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# The person behind a run of GitHub Actions, GitLab CI, Buildkite and CodeBuild.
_VARIABLES = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CODEBUILD_INITIATOR")
_MOST = 200  # characters


def by(environ: Mapping[str, str]) -> str:
    """Return a name: of CI's variables, or else of the user and the machine."""
    for name in _VARIABLES:
        if environ.get(name):
            return environ[name][:_MOST]
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user that has no name, as in a container
        user = "unknown"
    return f"{user}@{socket.gethostname()}"[:_MOST]
