"""Whether Airflow is healthy, by its own answer over HTTP."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
_OK = 200
_PATIENCE = 5.0  # s for an answer
_PAUSE = 0.5


@dataclass(frozen=True)
class Health:
    """What each component is said to be; `silent` is why there is no answer."""

    components: tuple[tuple[str, str], ...] = ()
    silent: str = ""

    @property
    def healthy(self) -> bool:
        return bool(self.components) and all(status == "healthy" for _, status in self.components)

    def __str__(self) -> str:
        return self.silent or ", ".join(f"{name} {status}" for name, status in self.components)

    @classmethod
    def ask(cls, port: int) -> Health:
        """Ask the API server behind a port of this machine."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        try:
            connection.request("GET", "/api/v2/monitor/health")
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != _OK:
                return cls(silent=f"the API server answers {answer.status}")
            document = json.loads(content)
            return cls(tuple((name, str((document.get(name) or {}).get("status"))) for name in COMPONENTS))
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            return cls(silent=f"the API server does not answer ({error})")
        finally:
            connection.close()


def wait(ask: Callable[[], Health], seconds: float, ended: Callable[[], str]) -> Health:
    """Ask until all are healthy, the time is over, or it has `ended`, which then says how."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found.healthy:
            return found
        if how := ended():
            return Health(silent=how)
        if time.monotonic() > end:
            return Health(silent=f"after {seconds:.0f} s: {found}")
        time.sleep(_PAUSE)
