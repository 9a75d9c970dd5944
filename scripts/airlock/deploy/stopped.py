"""Why a task stopped, in words: what ECS says, what that means in this network, and where its log is.

The texts are ECS's own ("Amazon ECS stopped task error messages" in its developer guide); exit codes of the image
are those of docs/runtime.md.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.deploy.cluster import Container, Task

_UNREACHED = r"(timeout|timed out|deadline|connection (issue|refused|reset)|dial tcp|no such host|canceled)"
_DENIED = r"(403|forbidden|denied|not authorized|no basic auth|unauthorized)"
_SECRETS = r"ResourceInitializationError.*(registry auth|secret|ssm|parameter)"
_LOGS = r"ResourceInitializationError.*\b(log|logs|logger|cloudwatch)\b"
_PULL = r"CannotPullContainer"
_LET_IN = "private DNS, and a security group that lets the task in at 443"
_NO_WAY_TO_LOGS = f"no way to CloudWatch Logs: it needs the interface endpoint logs with {_LET_IN}"
_NO_LOG = """\
the log group does not exist, or the execution role may not write to it
(logs:CreateLogStream, logs:PutLogEvents)"""
_NO_FILES = """\
the file system is not reached, or refuses: it needs a mount target in each zone, port 2049 in its security group,
and a policy that lets the task's role in"""
_NO_RIGHT_TO_SECRETS = """\
the execution role, or an endpoint's policy, does not allow it: ecr:GetAuthorizationToken,
secretsmanager:GetSecretValue, ssm:GetParameters, and kms:Decrypt with a secret's own key"""
_NO_WAY_TO_SECRETS = f"""\
before a container starts, ECS reads the registry's token and the task's secrets, which have to exist: it needs the
interface endpoints ecr.api, and secretsmanager, ssm and kms where they are used, with {_LET_IN}"""
_NO_RIGHT_TO_PULL = """\
the execution role, or an endpoint's policy, does not allow it: ecr:GetAuthorizationToken, ecr:BatchGetImage,
ecr:GetDownloadUrlForLayer; layers come from S3: the gateway's policy must allow prod-REGION-starport-layer-bucket"""
_NO_WAY_TO_PULL = f"""\
no way to the registry: a pull needs the gateway endpoint of S3 in the subnets' route tables, and the interface
endpoints ecr.api and ecr.dkr with {_LET_IN}"""
_ANOTHER_PROCESSOR = "the image is for another processor than the task definition's runtimePlatform"
_MEANINGS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), meaning)
    for pattern, meaning in (  # the first that fits
        (f"{_SECRETS}.*{_DENIED}", _NO_RIGHT_TO_SECRETS),
        (_SECRETS, _NO_WAY_TO_SECRETS),
        (f"{_LOGS}.*{_UNREACHED}", _NO_WAY_TO_LOGS),
        (_LOGS, _NO_LOG),
        (r"ResourceInitializationError.*(efs|mount target|file ?system)", _NO_FILES),
        (f"{_PULL}.*{_DENIED}", _NO_RIGHT_TO_PULL),
        (f"{_PULL}.*{_UNREACHED}", _NO_WAY_TO_PULL),
        (f"{_PULL}.*(not ?found|manifest unknown|does not exist)", "the image is not there (any more)"),
        (f"({_PULL}.*(platform|no matching manifest))|exec format error", _ANOTHER_PROCESSOR),
        (f"{_PULL}.*no space", "the image does not fit: raise ephemeralStorage"),
        ("OutOfMemory", "it wanted more memory than the task definition gives it"),
        ("ELB health checks", "the load balancer did not get the answer in time that it expects"),
        ("container health checks", "the container's health check failed: airlock-health says why"),
        ("network interface", "the subnets may have no address left"),
    )
)
_EXITS = {
    64: "refused: it would install something or reach the internet",
    69: "the database or the broker did not answer in time: host, security groups",
    70: "the migration failed, or a user could not be made: its log says what was said",
    77: "the database or the broker refuses: password, rights",
    78: "settings are missing or wrong: its log names them all",
    79: "the database is not of this image's Airflow: not migrated, or migrated by a newer one",
    126: "the command cannot be executed",
    127: "there is no such command",
    137: "killed: out of memory, or it did not stop in time",
    139: "it crashed (SIGSEGV)",
    143: "it was asked to stop (SIGTERM)",
}


def why(task: Task, content: Mapping[str, Any], region: str) -> list[str]:
    """Return the lines that tell why a task stopped; `content` is its definition's."""
    lines = [f"task {task.id}: {task.reason or task.code or task.status}"]
    told = [task.reason, *(one.reason for one in task.containers)]
    for one in task.containers:
        lines += [f"  {line}" for line in _container(one)]
    meaning = _meaning("\n".join([*told, task.code]))
    lines += [f"  {line}" for line in meaning.splitlines()]
    for one in task.containers:
        command = logs(content, task.id, one.name, region) if one.exit_code else ""
        lines += [f"  {command}"] if command else []
    return lines


def logs(content: Mapping[str, Any], task: str, container: str, region: str) -> str:
    """Return the command that shows a container's log, or where it is; "" where it is nowhere."""
    known: list[dict[str, Any]] = content["containerDefinitions"]
    found = next((one for one in known if one["name"] == container), {})
    settings = found.get("logConfiguration") or {}
    options = settings.get("options") or {}
    if settings.get("logDriver") != "awslogs" or "awslogs-group" not in options:
        return f"its log: by {settings['logDriver']}" if settings.get("logDriver") else ""
    words = ["aws", "logs", "tail", options["awslogs-group"], "--since", "1h"]
    prefix = options.get("awslogs-stream-prefix")
    if prefix:  # without it a stream has the container's own id, which only its machine knows
        words += ["--log-stream-names", f"{prefix}/{container}/{task}"]
    place = options.get("awslogs-region") or region
    return shlex.join([*words, *(["--region", place] if place else [])])


def _container(one: Container) -> list[str]:
    if one.exit_code is None and not one.reason:
        return []
    code = "" if one.exit_code is None else f"exit code {one.exit_code}"
    known = _EXITS.get(one.exit_code or 0, "")
    return [": ".join(filter(None, [one.name, code, known, one.reason]))]


def _meaning(text: str) -> str:
    return next((meaning for pattern, meaning in _MEANINGS if pattern.search(text)), "")
