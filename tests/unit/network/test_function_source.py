"""Reading functions: what they call, by what names mean there, and the literals that they are given."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any, cast

import pytest

from airlock_probe.function_source import Reading, read

if TYPE_CHECKING:
    from types import FunctionType

URL = "https://api.partner.com/v1"


def reading(function: Any) -> Reading:
    return read(cast("FunctionType", function))


class Client:
    def __init__(self, kind: str, **words: str) -> None:
        self.kind, self.words = kind, words


def test_names_are_resolved_as_python_would() -> None:
    def here() -> None: ...

    def function() -> None:
        from json import loads as parse  # noqa: PLC0415

        parse("{}")
        here()
        Client("one", region="two")
        urllib.request.urlopen(URL)

    calls = {call.name: call for call in reading(function).calls}

    assert calls["parse"].callee is __import__("json").loads
    assert calls["here"].callee is here
    assert calls["Client"].callee is Client
    assert (calls["Client"].first, calls["Client"].words) == ("one", {"region": "two"})
    assert calls["urlopen"].callee is urllib.request.urlopen
    assert calls["urlopen"].first == URL


def test_an_import_that_is_not_there_leaves_a_dotted_name() -> None:
    def function() -> None:
        import no_such_library.deep  # type: ignore[import-not-found] # noqa: PLC0415
        from no_such_package.api import Thing  # type: ignore[import-not-found] # noqa: PLC0415

        Thing()
        no_such_library.deep.go()

    assert [call.callee for call in reading(function).calls] == [
        "no_such_package.api.Thing",
        "no_such_library.deep.go",
    ]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda host: Client(f"https://api.partner.com/{host}"), "https://api.partner.com/"),
        (lambda host: Client(f"https://{host}.partner.com/"), ""),
        (lambda host: Client(f"https://api.{host}"), ""),
        (lambda host: Client(host.lower()), ""),
        (lambda _: Client(URL), URL),
    ],
)
def test_of_a_formatted_string_what_is_whole_counts(function: Any, text: str) -> None:
    assert [call.first for call in reading(function).calls if call.name == "Client"] == [text]


class Hook:
    def __init__(self, *arguments: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "one"
        kwargs.setdefault("client_type", "two")
        kwargs.update({"client_type": "three", "other": "no"})
        self.kept = Client(client_type="four", kind="")
        super().__init__(*arguments, **kwargs)

    def method(self) -> Any:
        """Read.

                of several
        lines of text that are not indented
        """
        self.first()
        return super().second, self.third.fourth(  # type: ignore[misc]
            1,
        )

    def first(self) -> Any: ...

    third: Any


def test_all_ways_to_say_which_client_are_seen() -> None:
    found = reading(Hook.__init__)

    assert found.clients == {"one", "two", "three", "four"}
    assert found.kept == {"kept": Client}


def test_what_is_taken_of_self_of_super_and_of_others_is_told_apart() -> None:
    found = reading(Hook.method)

    assert found.own == {"first", "third"}
    assert found.inherited == {"second"}
    assert found.others == {"fourth"}


def test_a_function_without_source_says_so() -> None:
    space: dict[str, Any] = {}
    exec("def made(): return 1", space)  # noqa: S102

    with pytest.raises(OSError, match="no source of made"):
        read(space["made"])
