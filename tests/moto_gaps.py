"""What moto takes and forgets, kept: how a service of ECS is deployed, and whether its tasks can be entered."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from moto.ecs.responses import EC2ContainerServiceResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEPT = {
    "deploymentConfiguration": "deployment_configuration",
    "enableExecuteCommand": "enable_execute_command",
}


@contextlib.contextmanager
def filled() -> Iterator[None]:
    """Let moto in this process tell of services what they were made with, while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("create_service", "update_service"):
            patch.setattr(
                EC2ContainerServiceResponse, name, _keeping(getattr(EC2ContainerServiceResponse, name))
            )
        yield


def _keeping(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def keeping(request: Any) -> Any:
        told = answer(request)
        for parameter, attribute in _KEPT.items():
            given = request._get_param(parameter)
            if given is not None:
                setattr(told.result["service"], attribute, given)
        return told

    return keeping
