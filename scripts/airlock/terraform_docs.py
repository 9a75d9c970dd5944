"""Write each Terraform module's README: what it makes, its inputs and its outputs, as its files have them.

`python -m airlock.terraform_docs [--check] [FOLDER…]`, of all below infra/ where none is given. The sentences before
the tables are the module's own, from the comment that its main.tf begins with.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import writing
from airlock.errors import TerraformError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

README = "README.md"
_MARK = "# "
_FOLDED = 60  # characters of a default that a table shows


@dataclass(frozen=True)
class Variable:
    """An input; `default` is what Terraform takes where nothing is given, None where something must be."""

    name: str
    type: str
    description: str
    default: str | None = None


@dataclass(frozen=True)
class Output:
    """An output."""

    name: str
    description: str


@dataclass(frozen=True)
class Module:
    """A module of Terraform; `resources` are the types that it makes."""

    name: str
    purpose: str
    variables: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    resources: tuple[str, ...]


def read(folder: Path) -> Module:
    """Read a module's files; raises TerraformError where one cannot be read, or main.tf does not say what it is for."""
    blocks = [block for path in sorted(folder.glob("*.tf")) for block in _blocks(path)]
    purpose = _purpose(folder / "main.tf")
    return Module(
        folder.name,
        purpose,
        tuple(_variable(name, body) for kind, name, body in blocks if kind == "variable"),
        tuple(
            Output(name, _text(body.get("description"))) for kind, name, body in blocks if kind == "output"
        ),
        tuple(sorted({name for kind, name, _ in blocks if kind == "resource"})),
    )


def markdown(module: Module) -> str:
    """Return the README's text."""
    return "\n".join(
        [
            f"# {module.name}",
            "",
            module.purpose,
            "",
            *_made(module),
            *_table("Inputs", ("name", "type", "default", "what it is"), _inputs(module)),
            *_table(
                "Outputs",
                ("name", "what it is"),
                ((f"`{one.name}`", one.description) for one in module.outputs),
            ),
            "This file is made from the module's own: `make docs`.",
            "",
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Write the README of each folder; with --check only tell, by the exit code, whether they are as they should be."""
    checks = "--check" in arguments
    stale = 0
    given = [Path(one) for one in arguments if one != "--check"]
    for folder in given or modules(Path("infra")):
        made, path = markdown(read(folder)), folder / README
        if path.is_file() and path.read_text(encoding="utf-8") == made:
            continue
        stale += 1
        if not checks:
            writing.write(path, made)
        sys.stderr.write(f"{path} is {'not as its module is: make docs' if checks else 'written'}\n")
    return 1 if checks and stale else 0


def modules(infra: Path) -> list[Path]:
    """Return the folders of all modules below infra/, and of what composes them."""
    return sorted({path.parent for path in infra.glob("**/main.tf") if ".terraform" not in path.parts})


def _blocks(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Give each block's kind, first label and body."""
    import hcl2  # noqa: PLC0415 - slow to import

    try:
        with path.open(encoding="utf-8") as file:
            parsed: dict[str, Any] = hcl2.load(file)
    except Exception as error:  # the parser's errors have no class in common
        raise TerraformError(
            f"{path} cannot be read", cause=str(error)[:400], remedy="terraform validate"
        ) from error
    for kind, listed in parsed.items():
        for block in listed if isinstance(listed, list) else ():
            label = next((key for key in block if not key.startswith("__")), "")
            body = block.get(label)
            yield kind, _text(label), body if isinstance(body, dict) else {}


def _purpose(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    said = []
    for line in lines:
        if not line.startswith(_MARK):
            break
        said.append(line.removeprefix(_MARK))
    if not said:
        raise TerraformError(
            f"{path} does not say what it is for", remedy="begin it with a comment of two sentences"
        )
    return " ".join(said)


def _variable(name: str, body: Mapping[str, Any]) -> Variable:
    default = _expression(body["default"]) if "default" in body else None
    return Variable(name, _text(body.get("type")), _text(body.get("description")), default)


def _text(value: object) -> str:
    """Return a value as people write it: the parser leaves quotes around strings, and ${…} around expressions."""
    text = str(value if value is not None else "")
    if text.startswith('"') and text.endswith('"'):
        return str(json.loads(text))
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def _expression(value: object) -> str:
    """Return a default as JSON; for Terraform's values it is how they are written, too."""
    shown = json.dumps(_plain(value), ensure_ascii=False)
    return shown if len(shown) <= _FOLDED else f"{shown[: _FOLDED - 1]}…"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {_text(key): _plain(one) for key, one in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return _text(value) if isinstance(value, str) else value


def _made(module: Module) -> list[str]:
    if not module.resources:
        return []
    return ["It makes " + ", ".join(f"`{one}`" for one in module.resources) + ".", ""]


def _inputs(module: Module) -> Iterator[tuple[str, ...]]:
    for one in module.variables:
        default = "must be given" if one.default is None else f"`{one.default}`"
        yield f"`{one.name}`", f"`{' '.join(one.type.split())}`", default, one.description


def _table(title: str, columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> list[str]:
    written = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not written:
        return []
    head = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    return [f"## {title}", "", *head, *written, ""]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
