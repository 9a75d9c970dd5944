from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.compose.entry import Kind
from airlock.compose.trust import BUNDLES, STORE, Links
from airlock.errors import UnsafeArchiveError
from airlock.wheels import wheel
from airlock.wheels.layout import VenvLayout
from archives import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.compose.entry import Entry

LAYOUT = VenvLayout("/opt/venv", "3.13")
SITE = "opt/venv/lib/python3.13/site-packages"


class FakeCompiler:
    identity = "fake"
    tag = "cpython-313"

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return [
            b"" if b"syntax error" in content else b"code of " + path.encode() for path, content in sources
        ]


def lay_out(
    content: bytes,
    filename: str = "demo-1.0-py3-none-any.whl",
    links: Links = Links(),  # noqa: B008 - frozen
) -> dict[str, Entry]:
    return {item.path: item for item in wheel.entries(filename, content, LAYOUT, FakeCompiler(), links)}


def test_modules_and_their_bytecode_land_in_site_packages() -> None:
    found = lay_out(make_wheel({"demo/__init__.py": "x = 1"}))
    assert found[f"{SITE}/demo/__init__.py"].content == b"x = 1"
    code = found[f"{SITE}/demo/__pycache__/__init__.cpython-313.pyc"].content
    assert code == f"code of /{SITE}/demo/__init__.py".encode()


def test_a_source_that_does_not_compile_has_no_bytecode() -> None:
    assert not any("bad.cpython" in path for path in lay_out(make_wheel({"demo/bad.py": "syntax error"})))


def test_a_console_script_runs_the_interpreter_of_the_environment() -> None:
    script = lay_out(make_wheel({}, entry_points="[console_scripts]\ndemo = demo:main\n"))[
        "opt/venv/bin/demo"
    ]
    assert script.mode == 0o755
    assert script.content.startswith(b"#!/opt/venv/bin/python\n")


def test_data_scripts_get_the_interpreter_of_the_environment() -> None:
    found = lay_out(make_wheel({"demo-1.0.data/scripts/tool": "#!python\nprint()\n"}))
    assert found["opt/venv/bin/tool"].content == b"#!/opt/venv/bin/python\nprint()\n"


def test_the_roots_of_a_package_are_a_link_that_record_lists_without_a_hash() -> None:
    wheel = make_wheel({"certifi/cacert.pem": "roots", "certifi/core.py": "x = 1"}, name="certifi")
    found = lay_out(wheel, "certifi-1.0-py3-none-any.whl", Links(exists=True, bundles=BUNDLES))
    place = f"{SITE}/certifi/cacert.pem"
    assert (found[place].kind, found[place].target) == (Kind.SYMLINK, STORE)
    rows = found[f"{SITE}/certifi-1.0.dist-info/RECORD"].content.decode().splitlines()
    assert "certifi/cacert.pem,," in rows
    assert any(row.startswith("certifi/core.py,sha256=") for row in rows)


def test_record_lists_every_file_and_bytecode_without_hashes() -> None:
    found = lay_out(make_wheel({"demo.py": ""}, entry_points="[console_scripts]\ndemo = demo:main\n"))
    record = found[f"{SITE}/demo-1.0.dist-info/RECORD"].content.decode().splitlines()
    paths = {line.split(",")[0] for line in record}
    assert {"demo.py", "__pycache__/demo.cpython-313.pyc", "../../../bin/demo"} <= paths
    assert "__pycache__/demo.cpython-313.pyc,," in record
    assert len(paths) == len(found)


def test_the_installer_is_named() -> None:
    assert lay_out(make_wheel({}))[f"{SITE}/demo-1.0.dist-info/INSTALLER"].content == b"airlock\n"


@pytest.mark.parametrize(
    "path", ["../evil.py", "/etc/evil", "demo/../../evil.py", "demo-1.0.data/scripts/../../evil"]
)
def test_a_member_outside_its_place_is_refused(path: str) -> None:
    with pytest.raises(UnsafeArchiveError, match="outside its place"):
        lay_out(make_wheel({path: "x"}))


def test_a_symlink_is_refused() -> None:
    with pytest.raises(UnsafeArchiveError, match=r"no plain file: demo/link"):
        lay_out(make_wheel({}, symlinks={"demo/link": "/etc/passwd"}))


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("demo-1.0-py3-none-any.whl", b"no zip at all"),
        ("demo-1.0-py3-none-any.whl", make_wheel({})[:-30]),
        ("other-1.0-py3-none-any.whl", make_wheel({})),
        ("demo-1.0-py3-none-any.whl", make_wheel({"demo-1.0.data/elsewhere/x": "x"})),
        ("demo-1.0-py3-none-any.whl", make_wheel({}, entry_points="no section = here")),
        (
            "demo-1.0-py3-none-any.whl",
            make_wheel({}, entry_points="[console_scripts]\nx = not an entry point!"),
        ),
        ("demo-1.0-py3-none-any.whl", make_wheel({"x.py": "x"}).replace(b"x.py,,", b"x.py,z")),
    ],
)
def test_what_is_no_wheel_is_refused_by_name(filename: str, content: bytes) -> None:
    with pytest.raises(UnsafeArchiveError, match=filename):
        lay_out(content, filename)
