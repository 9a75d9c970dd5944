"""Where in Terraform's files a block stands, and what little of it is needed before Terraform runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lark import Token, Tree

# The first line of a block, where a file is not understood as a whole: Terraform itself will say why.
_HEADER = re.compile(r'^(?P<kind>[a-z]\w*)(?P<labels>(?:[ \t]+"[^"]*")*)[ \t]*\{', re.MULTILINE)
_LABEL = re.compile(r'"([^"]*)"')


@dataclass(frozen=True)
class Block:
    """A block at the top of a file: `lines` are its own, from 1; `text` is all of it."""

    kind: str  # resource, data, module, provider, variable, terraform, …
    labels: tuple[str, ...]
    path: Path
    lines: range
    text: str

    def attribute(self, name: str) -> str:
        """Return what follows `name =` on a line of the block, as it is written; "" where nothing does."""
        found = re.search(
            rf"(?m)^(?:.*\{{)?[ \t]*{name}[ \t]*=[ \t]*(?P<value>.*?)[ \t]*\}}?[ \t]*(?:(?:#|//).*)?$",
            self.text,
        )
        return found["value"] if found else ""

    def word(self, name: str) -> str:
        """Return the text in quotes that an attribute is; "" where it is anything else."""
        found = re.fullmatch(r'"([^"$%]*)"', self.attribute(name))
        return found[1] if found else ""


def files(folder: Path) -> list[Path]:
    """Return the files of a module, overriding ones last, as Terraform reads them."""
    found = sorted(one for one in folder.glob("*.tf") if one.is_file() and not one.name.startswith("."))
    return sorted(found, key=lambda one: one.stem == "override" or one.stem.endswith("_override"))


def read(folder: Path) -> list[Block]:
    """Read all blocks of a module's folder."""
    return [block for path in files(folder) for block in of_file(path)]


def of_file(path: Path) -> Iterator[Block]:
    """Read the blocks of one file; of one that is not understood, those whose first lines can be told."""
    import hcl2  # noqa: PLC0415 - its grammar takes a while to load
    from lark.exceptions import LarkError  # noqa: PLC0415 - the same

    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        body = hcl2.parses_to_tree(text + "\n").children[0]
    except LarkError:
        yield from _headers(path, text)
        return
    lines = text.splitlines()
    for tree in body.children:
        if getattr(tree, "data", "") == "block":
            names = [one for one in tree.children if getattr(one, "data", "") in ("identifier", "string")]
            kind, *labels = (_words(one) for one in names)
            first, last = tree.meta.line, _last_line(tree)
            text_of = "\n".join(lines[first - 1 : last])
            yield Block(kind, tuple(labels), path, range(first, last + 1), text_of)


def _words(tree: Tree[Token]) -> str:
    return "".join(str(token) for token in tree.scan_values(lambda _: True) if token.type != "DBLQUOTE")


def _last_line(block: Tree[Token]) -> int:
    """Return the line of a block's closing brace: what follows it may be counted as its own by the grammar."""
    braces = [getattr(one, "line", 0) for one in block.children if getattr(one, "type", "") == "RBRACE"]
    return int(braces[-1] if braces else block.meta.end_line)


def _headers(path: Path, text: str) -> Iterator[Block]:
    found = list(_HEADER.finditer(text))
    for at, header in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        first = text.count("\n", 0, header.start()) + 1
        body = text[header.start() : end].rstrip()
        labels = tuple(_LABEL.findall(header["labels"]))
        yield Block(header["kind"], labels, path, range(first, first + body.count("\n") + 1), body)
