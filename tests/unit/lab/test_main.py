"""The commands of the lab's image."""

from __future__ import annotations

import importlib

import pytest

from airlock_lab import __main__ as lab


@pytest.mark.parametrize("module", lab.SERVICES.values())
def test_every_service_is_there(module: str) -> None:
    assert callable(importlib.import_module(module).run)


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_without_a_service_they_are_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.main(arguments) == 2
    assert "postgres, valkey, aws, outside, api, carry" in capsys.readouterr().err


def test_a_program_that_is_not_here_is_exit_code_127(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        lab.main(["no-such-program"])

    assert caught.value.code == 127
    assert "no-such-program: No such file or directory; services are" in capsys.readouterr().err


def test_a_refusal_is_one_line_with_a_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.main(["outside", "--wiht-api"]) == 3
    assert capsys.readouterr().err == "lab: outside: '--wiht-api' is not understood: --with-api\n"


def test_carrying_without_places_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.main(["carry", "tcp:127.0.0.1:1"]) == 2
    assert capsys.readouterr().err.startswith("carrier FROM TO")
