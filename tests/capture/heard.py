"""What one witness heard: frames become attempts, and answers do not count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address

from capture.frames import DNS, Attempt, Flow, Frame, question, read

RESOLVER = "127.0.0.11"  # Docker's, in each container's namespace


@dataclass
class Heard:
    """What one witness heard; written by its thread alone."""

    attempts: Counter[tuple[str, Attempt]] = field(default_factory=Counter)  # by the address that tried
    lost: int = 0  # frames that it had no room for
    _flows: set[Flow] = field(default_factory=set)

    def take(self, frame: bytes, *, sent: bool) -> None:
        """Take in one frame; what a container only received matters where it makes the next one an answer."""
        heard = read(frame)
        if heard is None or self._answers(heard) or not sent:
            return
        attempt = heard.attempt
        if heard.flow is not None and (attempt.target == RESOLVER or attempt.port == DNS):
            asked = question(heard.asks)
            if asked is not None:
                self.attempts[heard.source, Attempt("dns", asked)] += 1
                if attempt.target == RESOLVER:
                    return
        if attempt.target == RESOLVER or not _own(heard):
            self.attempts[heard.source, attempt] += 1

    def _answers(self, heard: Frame) -> bool:
        if heard.flow is None:
            return False
        answers = heard.flow.reversed in self._flows
        if not answers:
            self._flows.add(heard.flow)
        return answers


def _own(heard: Frame) -> bool:
    """Say whether a container speaks to itself."""
    return heard.attempt.target == heard.source or ip_address(heard.attempt.target).is_loopback
