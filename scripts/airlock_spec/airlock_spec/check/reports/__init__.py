"""The formats of a report: each module has one function from a Report to text."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airlock_spec.check.reports.shown import Shown

# By the module that renders it, which is imported only where it does.
FORMATS = {
    "text": "text",
    "json": "document",
    "junit": "junit",
    "sarif": "sarif",
    "github": "github",
    "markdown": "markdown",
}


def render(report: Shown, form: str, *, colour: bool = False) -> str:
    """Return a report in one of FORMATS; `colour` is for `text` alone."""
    module = importlib.import_module(f"airlock_spec.check.reports.{FORMATS[form]}")
    rendered = module.render(report, colour=True) if colour and form == "text" else module.render(report)
    assert isinstance(rendered, str)
    return rendered
