"""What has a code: kinds of findings, whose documentation is their docstring."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
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
