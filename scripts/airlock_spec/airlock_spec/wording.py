"""Text for people: counts, and what others wrote made harmless for where it is shown."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """Return a text of whatever origin so that it cannot command a terminal; `keep` stays as it is.

    What is left is also what XML allows.
    """
    return "".join(char if char.isprintable() or char in keep else repr(char)[1:-1] for char in text)


def counted(number: int, noun: str) -> str:
    """Return as `1 file` or `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(text: str, width: int) -> str:
    """Return a text of at most `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def code(text: str) -> str:
    """Return a text as Markdown's code span in a table's cell, which it cannot break out of."""
    if not text:
        return ""
    # A pipe wants a backslash, which must not be the second of two.
    text = printable(text).replace("\\|", "\\ |").replace("|", "\\|")
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"`{text}`"
