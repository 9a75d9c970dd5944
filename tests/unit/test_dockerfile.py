"""image/Dockerfile is written by hand: it must say what image.toml says, and reach for no network."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from airlock.compose import image_file, trust
from differences import DIFFERENCES

REPOSITORY = Path(__file__).parents[2]
DOCUMENT = REPOSITORY / "docs" / "dockerfile.md"


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (REPOSITORY / "image" / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines) if name]


def of(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def pairs(name: str) -> dict[str, str]:
    words = [word for rest in of(name) for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def test_it_says_what_image_toml_says() -> None:
    wanted = image_file.load(REPOSITORY / "image" / "image.toml")

    assert pairs("ENV") == dict(wanted.run.env)
    assert dict(wanted.run.labels).items() <= pairs("LABEL").items()
    assert [json.loads(rest) for rest in of("ENTRYPOINT")] == [list(wanted.run.entrypoint)]
    assert [json.loads(rest) for rest in of("CMD")] == ([list(wanted.run.cmd)] if wanted.run.cmd else [])
    assert of("WORKDIR") == [wanted.run.workdir]
    assert of("USER") == [f"{wanted.user.uid}:{wanted.user.gid}"]
    assert shlex.split(" ".join(of("EXPOSE"))) == list(wanted.run.ports)
    assert of("STOPSIGNAL") == ([wanted.run.stop_signal] if wanted.run.stop_signal else [])


def test_no_step_has_a_network_and_nothing_is_pulled() -> None:
    assert of("RUN")
    assert all(rest.startswith("--network=none ") for rest in of("RUN"))
    stages = [re.split(" AS ", rest, flags=re.IGNORECASE) for rest in of("FROM")]
    known = {"base", *(names[1] for names in stages if len(names) > 1)}
    assert {names[0] for names in stages} <= known
    assert "# syntax" not in (REPOSITORY / "image" / "Dockerfile").read_text()


def test_its_documentation_shows_the_table_of_differences() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")

    assert [line for line in document.splitlines() if line.startswith("| `/")] == [
        str(row) for row in DIFFERENCES
    ]


def test_it_finds_the_openssl_of_a_wheel_as_composing_does() -> None:
    pattern = trust._OPENSSL.pattern.decode()
    assert f"OPENSSL = re.compile(rb'{pattern}')" in (REPOSITORY / "image" / "finish.py").read_text()
