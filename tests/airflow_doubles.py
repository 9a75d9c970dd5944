"""Classes that look as Airflow's do, which is not here: by the names of their modules, as the probe looks at them."""

from __future__ import annotations

from typing import Any

HOOKS = "airflow.providers.amazon.aws.hooks"


class BaseOperator:
    __module__ = "airflow.sdk.bases.operator"

    def __init__(self, task_id: str = "task", **arguments: Any) -> None:
        self.task_id = task_id
        vars(self).update(arguments)


class BaseTrigger:
    __module__ = "airflow.triggers.base"


class BaseNotifier:
    __module__ = "airflow.sdk.bases.notifier"


class BaseHook:
    __module__ = "airflow.sdk.bases.hook"


class AwsGenericHook(BaseHook):
    __module__ = f"{HOOKS}.base_aws"

    def __init__(
        self, aws_conn_id: str | None = "aws_default", client_type: str = "", resource_type: str = ""
    ) -> None:
        self.aws_conn_id = aws_conn_id
        self.client_type, self.resource_type = client_type, resource_type

    @property
    def account_id(self) -> str:
        return str(self.get_session().client(service_name="sts"))

    def get_session(self) -> Any:
        raise AssertionError("the probe makes no session")


class S3Hook(AwsGenericHook):
    __module__ = f"{HOOKS}.s3"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(resource_type="s3", **arguments)

    def load(self) -> None: ...


class EmrHook(AwsGenericHook):
    __module__ = f"{HOOKS}.emr"

    def __init__(self, **arguments: Any) -> None:
        self.s3_hook = S3Hook()
        super().__init__(client_type="emr", **arguments)

    def add_steps(self) -> None: ...

    def upload(self) -> None:
        self.s3_hook.load()

    def whose(self) -> str:
        return self.account_id


class SlackHook(BaseHook):
    __module__ = "airflow.providers.slack.hooks.slack"
