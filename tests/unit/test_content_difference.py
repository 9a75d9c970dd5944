from __future__ import annotations

import importlib.util
import marshal

import pytest

from airlock.content_difference import of_bytes, of_documents, of_files


def bytecode(source: str, *, hashed: bytes = b"12345678") -> bytes:
    code = compile(source, "/x.py", "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + bytes(4) + hashed + marshal.dumps(code)


def test_texts_are_shown_as_a_diff_with_a_line_of_context() -> None:
    assert of_files("etc/x", b"one\ntwo\nthree\nfour\n", b"one\ntwo\n3\nfour\n") == [
        "@@ -2,3 +2,3 @@", " two", "-three", "+3", " four",
    ]  # fmt: skip


def test_a_long_diff_is_cut_and_says_so() -> None:
    first, second = ("\n".join(f"{text} {number}" for number in range(100)).encode() for text in "ab")
    shown = of_files("x", first, second)
    assert len(shown) == 21
    assert shown[-1] == "… 181 more lines of difference"


def test_a_long_line_is_cut() -> None:
    assert all(len(line) < 200 for line in of_files("x", b"a" * 9999, b"b" * 9999))


def test_texts_that_differ_in_the_ends_of_their_lines_are_shown_as_bytes() -> None:
    shown = of_files("x", b"one\ntwo\n", b"one\r\ntwo\n")
    assert shown[0] == "the first byte that differs is at 3 (0x3), 8 and 9 bytes long"


def test_bytes_are_shown_around_the_first_that_differs() -> None:
    first, second = bytearray(range(256)), bytearray(range(256))
    second[100] = 0
    assert of_files("lib.so", bytes(first), bytes(second)) == [
        "the first byte that differs is at 100 (0x64)",
        "- 00000050  50 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f  |PQRSTUVWXYZ[\\]^_|",
        "- 00000060  60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  |`abcdefghijklmno|",
        "+ 00000050  50 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f  |PQRSTUVWXYZ[\\]^_|",
        "+ 00000060  60 61 62 63 00 65 66 67 68 69 6a 6b 6c 6d 6e 6f  |`abc.efghijklmno|",
    ]


def test_content_that_ends_before_the_other_is_shown() -> None:
    shown = of_bytes(bytes(64), bytes(80))
    assert shown[0] == "the first byte that differs is at 64 (0x40), 64 and 80 bytes long"
    assert shown[1].startswith("- 00000030")
    assert shown[-1].startswith("+ 00000040")


def test_equal_bytes_have_no_difference() -> None:
    assert of_bytes(b"x", b"x") == ["no byte differs"]


def test_bytecode_names_the_code_that_differs() -> None:
    source = "def outer():\n    def inner():\n        return {}\n    return inner\n"
    assert of_files("x.pyc", bytecode(source.format(1)), bytecode(source.format(2))) == [
        "it is bytecode; co_consts of the code outer.<locals>.inner differs",
        "- (None, 1)",
        "+ (None, 2)",
    ]


def test_bytecode_of_a_set_in_another_order_is_told() -> None:
    shown = of_files("x.pyc", bytecode("x = 'a'"), bytecode("y = 'a'"))
    assert shown[0] == "it is bytecode; co_names of the code <module> differs"


@pytest.mark.parametrize(
    ("start", "name"),
    [(0, "magic number"), (4, "flags"), (8, "hash of the source"), (15, "hash of the source")],
)
def test_the_header_of_bytecode_is_told_by_its_field(start: int, name: str) -> None:
    first = bytecode("x = 1")
    second = first[:start] + b"\xff" + first[start + 1 :]
    assert of_files("x.pyc", first, second)[0].startswith(f"its {name} (bytes")


def test_bytecode_that_differs_in_marshals_flags_alone_is_called_so() -> None:
    first = bytecode("x = 1")
    without_references = marshal.dumps(marshal.loads(first[16:]), 2)  # noqa: S302 - made above
    shown = of_files("x.pyc", first, first[:16] + without_references)
    assert shown[0].startswith("it is bytecode of the same code")
    assert shown[1].startswith("the first byte that differs is at 16 (0x10)")


def test_bytecode_of_another_python_is_shown_as_bytes() -> None:
    first, second = (b"\x00\x00\r\n" + bytecode("x = 1")[4:] + end for end in (b"a", b"b"))
    shown = of_files("x.pyc", first, second)
    assert shown[0] == "it is bytecode of another Python than this one"
    assert shown[1].startswith("the first byte that differs is at")


@pytest.mark.parametrize(
    ("first", "second", "key", "shown"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]", ["- 2", "+ 3"]),
        ({"a": [1]}, {"a": [1, "x"]}, "a[1]", ["- absent", "+ 'x'"]),
        ({"a": 1, "b": None}, {"a": 1}, "b", ["- None", "+ absent"]),
        ({"a": {"x": 1}}, {"a": [1]}, "a", ["- {'x': 1}", "+ [1]"]),
    ],
)
def test_documents_differ_at_a_key(first: object, second: object, key: str, shown: list[str]) -> None:
    assert of_documents(first, second) == (key, shown)


def test_equal_documents_do_not_differ() -> None:
    assert of_documents({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) is None
