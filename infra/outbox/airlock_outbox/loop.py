"""The same work without Lambda and without events: look for requests that have no response."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock_outbox.answering import Outside, Said
from airlock_outbox.telling import tell, tell_failure

if TYPE_CHECKING:
    import threading
    from concurrent.futures import Future

    from airlock_spec.outbox.response import Response

WORKERS = 8
LAST = 5.0  # seconds; what is cut off then is taken up by who comes next


@dataclass
class Loop:
    """Answers what is listed, WORKERS at the same time. What a dead one claimed is answered when its time is up."""

    outside: Outside
    ended: set[str] = field(default_factory=set)
    at_work: dict[str, Future[Response | Said]] = field(default_factory=dict)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS))

    def run(self, every: float, ending: threading.Event) -> None:
        """Look every so many seconds, until `ending` is set; give what is at work a little time to end."""
        while not ending.is_set():
            self.look()
            ending.wait(every)
        wait(self.at_work.values(), timeout=LAST)
        self._collect()

    def once(self) -> None:
        """Answer what there is now, and come back when that is done."""
        self.look()
        wait(self.at_work.values())
        self._collect()

    def look(self) -> None:
        """Begin with every request that has no response and that is not ended or begun."""
        self._collect()
        objects, layout = self.outside.objects, self.outside.layout
        try:
            asked = set(objects.names(layout, "requests")) - set(objects.names(layout, "responses"))
        except Exception as error:  # noqa: BLE001 - a bucket that is away comes back; a loop that ended does not
            tell_failure("", error)
            return
        self.ended &= asked
        for name in sorted(asked - self.ended - set(self.at_work)):
            self.at_work[name] = self.pool.submit(self.outside.answer, name)

    def _collect(self) -> None:
        for name, future in [(name, future) for name, future in self.at_work.items() if future.done()]:
            del self.at_work[name]
            error = future.exception()
            if isinstance(error, Exception):
                tell_failure(name, error)
                continue
            result = future.result()
            if result is not Said.ELSEWHERE:
                tell(name, result)
                self.ended.add(name)
