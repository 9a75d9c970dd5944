"""What moto takes and forgets, kept, and what it leaves undone, done.

A service of ECS is told of as it was made: how it is deployed, whether its tasks can be entered. Its tasks run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ecs.responses import EC2ContainerServiceResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

_KEPT = {
    "deploymentConfiguration": "deployment_configuration",
    "enableExecuteCommand": "enable_execute_command",
    "networkConfiguration": "network_configuration",
}


def fill(patch: pytest.MonkeyPatch | None = None) -> None:
    """Mend moto in this process, for good or until a patch is undone."""
    setting = patch.setattr if patch else setattr
    for name in ("create_service", "update_service"):
        setting(EC2ContainerServiceResponse, name, _keeping(getattr(EC2ContainerServiceResponse, name)))


def _keeping(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def keeping(request: Any) -> Any:
        told = answer(request)
        service = told.result["service"]
        service.running_count = service.desired_count
        for parameter, attribute in _KEPT.items():
            given = request._get_param(parameter)
            if given is not None:
                setattr(service, attribute, given)
        return told

    return keeping
