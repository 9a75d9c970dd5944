"""Inline ignores: `# airlock: ignore[AL201,AL5] reason` in the comments of a source."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "airlock:"
EVERYWHERE = range(1 << 31)
_COMMENT = re.compile(r"#\s*airlock:\s*(?P<rest>.*?)(?=\s#\s|$)")
_IGNORE = re.compile(r"ignore(?P<file>-file)?\s*\[(?P<codes>[^\]]*)\]\s*(?P<reason>.*)")
_BETWEEN = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Ignore:
    """A comment that hides findings of `codes` (or codes that begin so) on `lines`."""

    line: int  # its own
    lines: range
    codes: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Misuse:
    """A comment that is meant for airlock and cannot be used."""

    line: int
    what: str


def read(source: str) -> list[Ignore | Misuse]:
    """Return what the comments of a Python source ask for; of a broken one, what comes before the break."""
    if MARK not in source:  # tokenizing takes longer than all the rest
        return []
    reader = _Reader()
    reader.read(_tokens(source))
    return sorted(reader.read_so_far, key=lambda one: one.line)


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(source).readline)
    except (tokenize.TokenError, SyntaxError):  # an IndentationError is one
        return


@dataclass
class _Reader:
    """Knows, while it reads token by token, to which lines a comment belongs."""

    read_so_far: list[Ignore | Misuse] = field(default_factory=list)
    above: list[tokenize.TokenInfo] = field(default_factory=list)  # comments alone, waiting for what follows
    of_statement: list[tokenize.TokenInfo] = field(default_factory=list)
    start: int = 0  # the first line of the statement that is being read; 0 between statements
    last: int = 0
    only_docstring: bool = True

    def read(self, tokens: Iterator[tokenize.TokenInfo]) -> None:
        for token in tokens:
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip()
                (self.above if alone else self.of_statement).append(token)
            elif token.type == tokenize.NEWLINE:
                self._end_of_statement()
            elif token.type not in _BETWEEN:
                self._code(token)
        self._end_of_statement()
        self._give(self.above, range(0))

    def _code(self, token: tokenize.TokenInfo) -> None:
        self.last = token.end[0]
        if not self.start:
            self.start = token.start[0]
            self.of_statement += self.above
            self._whole_file(self.above)
            self.only_docstring = self.only_docstring and token.type == tokenize.STRING
        else:  # between the lines of a statement, it is about the next of them alone
            self._give(self.above, range(token.start[0], token.start[0] + 1))
        self.above = []

    def _end_of_statement(self) -> None:
        self._give(self.of_statement, range(self.start, self.last + 1))
        self.of_statement, self.start = [], 0

    def _whole_file(self, comments: list[tokenize.TokenInfo]) -> None:
        """Take out those for the whole file, while no code was met."""
        if self.only_docstring:
            for comment in [one for one in comments if "ignore-file" in one.string]:
                self.read_so_far += _parsed(comment, EVERYWHERE, at_top=True)
                self.of_statement.remove(comment)

    def _give(self, comments: list[tokenize.TokenInfo], lines: range) -> None:
        for comment in comments:
            self.read_so_far += _parsed(comment, lines, at_top=False)


def _parsed(comment: tokenize.TokenInfo, lines: range, *, at_top: bool) -> Iterator[Ignore | Misuse]:
    line = comment.start[0]
    if not (meant := _COMMENT.search(comment.string)):
        return
    if not (match := _IGNORE.fullmatch(meant["rest"].strip())):
        yield Misuse(line, f"{meant['rest'].strip()!r} is not understood: write ignore[CODE] and a reason")
        return
    codes = tuple(code for part in match["codes"].split(",") if (code := part.strip().upper()))
    if not codes:
        yield Misuse(line, "the ignore names no code")
    elif match["file"] and not at_top:
        yield Misuse(line, "an ignore-file must stand alone, above the first statement")
    else:
        yield Ignore(line, lines, codes, match["reason"].strip(" :-"))
