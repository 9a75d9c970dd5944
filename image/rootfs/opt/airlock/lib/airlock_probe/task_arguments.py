"""The arguments of a task, mapped or not, and what of an operator's needs depends on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock_spec.outside import public_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URLS = ("endpoint", "url", "uri", "base_url", "api_url", "webhook_url", "webhook_endpoint")
ROLES = ("RoleArn", "ExecutionRoleArn")
_DEEPEST = 8  # levels of an argument in which a role is looked for


class Arguments:
    """Arguments by name; those that are expanded, or not there, are None."""

    def __init__(self, task: Any) -> None:
        self.kind: type = getattr(task, "operator_class", None) or type(task)
        partial = getattr(task, "partial_kwargs", None)
        self._values: dict[str, Any] = vars(task)
        if isinstance(partial, dict):
            # Of a function that is mapped, Airflow keeps it beside the arguments.
            self._values = {"python_callable": getattr(task, "python_callable", None), **partial}

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name)

    def connections(self) -> Iterator[str]:
        """Yield the ids of connections."""
        for name, value in self._values.items():
            if name.endswith("conn_id") and isinstance(value, str) and "{{" not in value:
                yield value

    def hosts(self) -> Iterator[str]:
        """Yield public hosts of absolute URLs, where they are no templates."""
        for name in URLS:
            value = self[name]
            if isinstance(value, str) and "{{" not in value and (host := public_host(value)):
                yield host


def depends(service: str, arguments: Arguments) -> bool:
    """Tell whether a service that an operator's code can reach is reached with these arguments."""
    names = {base.__name__ for base in arguments.kind.__mro__ if base.__module__.startswith(_AMAZON)}
    return all(
        holds(arguments)
        for kind, of, holds in _CONDITIONS
        if of == service and any(name.startswith(kind) for name in names)
    )


def _names_a_role(arguments: Arguments) -> bool:
    """Tell whether a role is given by its name, for which IAM is asked; an ARN is taken as it is."""
    return any("/" not in role and "{{" not in role for role in _roles(arguments["config"], _DEEPEST))


def _roles(value: Any, depth: int) -> Iterator[str]:
    if depth and isinstance(value, dict):
        for name, inner in value.items():
            if name in ROLES and isinstance(inner, str):
                yield inner
            else:
                yield from _roles(inner, depth - 1)


def _uploads(arguments: Arguments) -> bool:
    script = arguments["script_location"]
    return isinstance(script, str) and not script.startswith(("s3://", "{{"))


def _has(name: str, *keys: str) -> Callable[[Arguments], bool]:
    """Make a condition: the argument is given, and one of the keys is in it where there are any."""

    def holds(arguments: Arguments) -> bool:
        value = arguments[name]
        # What a task returns (an XComArg) is not known before it runs.
        return bool(value) if not keys else isinstance(value, dict) and any(key in value for key in keys)

    return holds


_AMAZON = "airflow.providers.amazon."
# Beginning of a class's name, service, and whether these arguments lead there. What cannot be told is not said.
_CONDITIONS: tuple[tuple[str, str, Callable[[Arguments], bool]], ...] = (
    ("BatchOperator", "logs", _has("awslogs_enabled")),
    (
        "EcsRunTaskOperator",
        "logs",
        lambda given: bool(given["awslogs_group"] and given["awslogs_stream_prefix"]),
    ),
    (
        "EksPodOperator",
        "sts",
        lambda _: False,
    ),  # a token is a signed URL of STS, which EKS asks for, not the task
    ("GlueCrawler", "sts", _has("config", "Tags")),
    ("GlueJobOperator", "iam", lambda given: bool(given["iam_role_name"] and not given["iam_role_arn"])),
    ("GlueJobOperator", "logs", _has("verbose")),
    ("GlueJobOperator", "s3", _uploads),
    (
        "GlueJobOperator",
        "sts",
        lambda given: bool(given["update_config"] and _has("create_job_kwargs", "Tags")(given)),
    ),
    ("GlueJobSensor", "logs", _has("verbose")),
    ("MwaaServerlessCreateWorkflowOperator", "sts", lambda given: given["if_exists"] == "skip"),
    ("RedshiftToS3Operator", "redshift-data", _has("redshift_data_api_kwargs")),
    ("S3ToRedshiftOperator", "redshift-data", _has("redshift_data_api_kwargs")),
    ("SageMaker", "iam", _names_a_role),
    ("SageMakerEndpoint", "s3", _has("config", "S3Operations")),
    ("SageMakerModelOperator", "s3", _has("config", "S3Operations")),
    ("SageMakerTraining", "logs", lambda given: given["print_log"] is not False),
)
