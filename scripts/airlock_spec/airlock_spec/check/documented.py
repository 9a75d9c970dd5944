"""What has a code: kinds of findings, whose documentation is their docstring."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock_spec.check.finding import Severity


class Documented:
    """A kind of finding. A subclass's docstring is its documentation, in Markdown."""

    code: ClassVar[str]
    title: ClassVar[str]  # a few words, for lists
    severity: ClassVar[Severity]
    fix: ClassVar[str]  # one line

    @classmethod
    def documentation(cls) -> str:
        """Return the docstring as Markdown."""
        return inspect.cleandoc(cls.__doc__ or "")


def explained(one: Documented) -> str:
    """Return a code's documentation as Markdown."""
    return f"### {one.code}\n\n**{one.title}** · {one.severity}\n\n{one.documentation()}"


def nearest(code: str, known: Sequence[Documented]) -> str:
    """Return the code that begins most like one that does not exist, the nearest in number of several."""
    number = int("".join(char for char in code if char.isdecimal()) or 0)

    def far(one: Documented) -> tuple[int, int]:
        alike = next(length for length in range(len(code), -1, -1) if one.code.startswith(code[:length]))
        return -alike, abs(int(one.code[2:]) - number)

    return min(known, key=far).code


def page_of(head: str, groups: Mapping[str, str], known: Sequence[Documented]) -> str:
    """Return a page of documentation: groups by the beginning of their codes, with a table and each code's own."""
    parts = [head]
    for group, title in groups.items():
        members = [one for one in known if one.code.startswith(group)]
        rows = [f"| [{one.code}](#{one.code.lower()}) | {one.severity} | {one.title} |" for one in members]
        table = "\n".join(["| code | severity | says |", "| --- | --- | --- |", *rows])
        parts += [f"## {title}\n", f"{table}\n", *(f"{explained(one)}\n" for one in members)]
    return "\n".join(parts)
