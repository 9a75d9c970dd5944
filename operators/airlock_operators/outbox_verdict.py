"""What a task makes of a response: whether it is a result, and if not, whether to call again."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from airlock_spec.outbox.request import Request
from airlock_spec.outbox.response import Outcome, Response

# Statuses that another call may not have, and of which these say that nothing was done (RFC 9110, 6585).
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
NOTHING_DONE = frozenset({425, 429, 503})


class Verdict(Enum):
    """What a task makes of a response."""

    ACCEPTED = "accepted"
    AGAIN = "another call may fare better"
    FAILED = "another call would fare no better, or may do harm"


Judge = Callable[[Request, Response], tuple[Verdict, str]]


def judged_by(accept: frozenset[int]) -> Judge:
    """Return the judge that accepts answers of these statuses."""

    def judge(request: Request, response: Response) -> tuple[Verdict, str]:
        if response.status is not None and response.outcome is Outcome.ANSWERED:
            if response.status in accept:
                return Verdict.ACCEPTED, ""
            again = response.status in (TRANSIENT if request.repeatable else NOTHING_DONE)
            return (Verdict.AGAIN if again else Verdict.FAILED), f"the API answered {response.status}"
        if response.outcome in {Outcome.UNREACHABLE, Outcome.EXPIRED}:
            return Verdict.AGAIN, f"the API was not called ({response.outcome}): {response.reason}"
        if response.outcome is Outcome.UNKNOWN:
            verdict = Verdict.AGAIN if request.repeatable else Verdict.FAILED
            return verdict, f"whether the API acted is not known ({response.reason}); {advice(request)}"
        if response.outcome is Outcome.REFUSED:
            return Verdict.FAILED, f"the function outside refuses to call: {response.reason}"
        return Verdict.FAILED, f"the API answered {response.status}, but {response.reason}"

    return judge


def statuses(accept: object) -> frozenset[int]:
    """Read statuses: numbers, and classes as "2xx". Raises ValueError for anything else, and for none."""
    found: set[int] = set()
    for one in accept if isinstance(accept, list | tuple | set | frozenset) else (accept,):
        text = str(one)
        if len(text) == 3 and text[0] in "12345" and text[1:] == "xx":  # noqa: PLR2004 - as a status has
            found.update(range(int(text[0]) * 100, int(text[0]) * 100 + 100))
        elif text.isascii() and text.isdigit() and 100 <= int(text) < 600:  # noqa: PLR2004 - RFC 9110
            found.add(int(text))
        else:
            raise ValueError(f"accept holds statuses, as 200 or '2xx', not {one!r}")
    if not found:
        raise ValueError("accept holds no status: nothing would be accepted")
    return frozenset(found)


def advice(request: Request) -> str:
    """Say what follows of not knowing whether a call was made."""
    if request.repeatable:
        return "calling again does no harm"
    return "look at the API; then clear the task, which calls again, or mark it as a success"
