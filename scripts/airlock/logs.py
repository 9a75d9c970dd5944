"""Log streams of CloudWatch, through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock import aws
from airlock.aws_failures import Service
from airlock.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

    from airlock.aws import Asking

_DENIED = (
    "allow these credentials logs:GetLogEvents on the log group's streams; the VPC endpoint's policy may refuse, too.\n"
    "Whose they are: aws sts get-caller-identity"
)
SERVICE = Service("logs", "CloudWatch Logs", _DENIED, "an interface VPC endpoint of the region (logs)")
_ABSENT = "ResourceNotFoundException"


class CloudWatch:
    """An `airlock.verify.task.looking.Streams`."""

    def __init__(self) -> None:
        self._asking: dict[str, Asking[CloudWatchLogsClient]] = {}

    def lines(self, group: str, stream: str, region: str) -> list[str]:
        where = f"log stream {stream} of {group}"
        if region not in self._asking:
            self._asking[region] = aws.connect(SERVICE, where, region=region)
        asking = self._asking[region]
        request: dict[str, Any] = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
        found: list[str] = []
        while True:
            try:
                page = asking.ask("read", where, lambda: asking.client.get_log_events(**request))
            except AwsError as error:
                if error.code == _ABSENT:
                    return []
                raise
            found += [event.get("message", "") for event in page["events"]]
            # The end is told by the same token again.
            if page["nextForwardToken"] == request.get("nextToken"):
                return found
            request["nextToken"] = page["nextForwardToken"]
