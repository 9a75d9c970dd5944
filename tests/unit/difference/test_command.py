"""`airlock diff` prints one result on stdout, in the form that was asked for."""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from airlock.difference import markdown
from airlock.errors import CorruptError, ImageError
from airlock.locks import airflow
from airlock.locks.airflow import AirflowLock, LockedPackage
from airlock.store import StoreFile
from layouts import Member, tar, write_layout
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two images of which the second has one other file."""
    monkeypatch.setenv("AIRLOCK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    base = [Member("keep")]
    write_layout(tmp_path / "a", [base, [Member("etc/x|`y`", b"1"), Member("esc\x1b[31m")]])
    write_layout(tmp_path / "b", [base, [Member("etc/x|`y`", b"2")]])
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    return typed(monkeypatch, "diff", *arguments)


def many(folder: Path, name: str, count: int, content: bytes) -> None:
    files = [Member(f"some/long/folder/of/the/image/file-{number:06}", content) for number in range(count)]
    write_layout(folder / name, [files])


def test_the_exit_code_tells_of_a_difference_only_where_asked(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "a", "b") == 0
    assert run(monkeypatch, "a", "b", "--exit-code") == 1
    assert run(monkeypatch, "a", "a", "--exit-code") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "linux/amd64: nothing differs"


def test_the_table_shows_names_that_cannot_command_a_terminal(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "a", "b")
    lines = capsys.readouterr().out.splitlines()

    assert "packages: none moved; layers: 1 changed of 2; files: 1 changed, 1 removed; to pull:" in lines[0]
    assert "  changed  layer 2" in "\n".join(lines)
    assert lines[-3:] == [
        "files: 1 changed, 1 removed",
        "  removed  /esc\\x1b[31m",
        "  changed  /etc/x|`y`    content",
    ]


def test_json_holds_everything(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "a", "b", "--json")
    document: dict[str, Any] = json.loads(capsys.readouterr().out)

    assert (document["a"], document["b"], document["differs"]) == ("a", "b", True)
    (image,) = document["images"]
    assert [layer["status"] for layer in image["layers"]] == ["same", "changed"]
    assert [one["path"] for one in image["files"]["removed"]] == ["/esc\x1b[31m"]
    (changed,) = image["files"]["changed"]
    assert changed["differs"] == ["content"]
    assert changed["from"]["size"] == changed["to"]["size"] == 1
    assert changed["from"]["sha256"] != changed["to"]["sha256"]
    assert image["pull"]["blobs"] == 3


def test_markdown_keeps_names_in_their_cells(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "a", "b", "--markdown")
    text = capsys.readouterr().out

    assert text.startswith("### Image: packages: none moved; layers: 1 changed of 2;")
    assert "| changed | `` /etc/x\\|`y` `` | content |  |\n" in text
    assert "| removed | `/esc\\x1b[31m` |" in text
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize("count", [300, 2000])
def test_a_comment_is_as_long_as_github_accepts_and_says_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    monkeypatch.setenv("AIRLOCK_CACHE", str(tmp_path / "cache"))
    many(tmp_path, "a", count, b"1")
    many(tmp_path, "b", count, b"2")

    run(monkeypatch, str(tmp_path / "a"), str(tmp_path / "b"), "--markdown")
    text = capsys.readouterr().out

    shown = text.count("| changed | `/some/")
    assert len(text) <= markdown.LIMIT
    assert text.count("<details>") == text.count("</details>") == 2
    if count == 300:
        assert shown == count
    else:
        assert len(text) > markdown.LIMIT - 1000
        assert f"… and {count - shown:,} more files: the comment would be too long" in text


def test_the_table_shows_the_first_files_and_all_shows_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRLOCK_CACHE", str(tmp_path / "cache"))
    many(tmp_path, "a", 50, b"1")
    many(tmp_path, "b", 50, b"2")
    names = (str(tmp_path / "a"), str(tmp_path / "b"))

    run(monkeypatch, *names)
    first = capsys.readouterr().out
    run(monkeypatch, *names, "--all")

    assert first.count("/some/long") == 20
    assert first.endswith("  … and 30 more: --all\n")
    assert capsys.readouterr().out.count("/some/long") == 50


def test_a_platform_that_one_side_lacks_is_said_and_is_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRLOCK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_layout(tmp_path / "a", [[Member("a")]])
    write_layout(tmp_path / "b", [[Member("a")]], architecture="arm64")

    assert run(monkeypatch, "a", "b", "--exit-code") == 1
    assert capsys.readouterr().out == (
        "only a has an image for linux/amd64\nonly b has an image for linux/arm64\n"
    )
    assert run(monkeypatch, "a", "b", "--markdown") == 0
    comment = capsys.readouterr().out
    assert comment.startswith("### Image: no platform in common\n")
    assert "Only `b` has an image for `linux/arm64`." in comment
    assert run(monkeypatch, "a", "b", "--platform", "linux/s390x") == ImageError.exit_code
    assert "they hold: linux/amd64, linux/arm64" in capsys.readouterr().err


def both_platforms(layout: Path, content: bytes) -> None:
    """Write a layout of two images, of which the one for amd64 is the same for any content."""
    manifests = []
    for architecture, members in (("amd64", [Member("a")]), ("arm64", [Member("a", content)])):
        write_layout(layout, [members], architecture=architecture)
        manifests += json.loads((layout / "index.json").read_text())["manifests"]
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))


def test_each_platform_that_both_have_is_compared(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    both_platforms(here / "a2", b"1")
    both_platforms(here / "b2", b"2")

    run(monkeypatch, "a2", "b2", "--json")
    document = json.loads(capsys.readouterr().out)
    assert [(one["platform"], one["differs"]) for one in document["images"]] == [
        ("linux/amd64", False),
        ("linux/arm64", True),
    ]
    assert run(monkeypatch, "a2", "b2", "--platform", "linux/amd64", "--exit-code") == 0
    assert run(monkeypatch, "a2", "b2", "--markdown") == 0
    assert "\n#### linux/arm64\n" in capsys.readouterr().out


def lock(folder: Path, **versions: str) -> str:
    """Write an airflow.lock of packages with one file of 1,500 bytes each; return its path."""
    packages = tuple(
        LockedPackage(
            name,
            one,
            (("any", StoreFile(f"{name}-{one}.whl", 1500, sha256((name + one).encode()).hexdigest())),),
        )
        for name, one in versions.items()
    )
    folder.mkdir()
    path = folder / "airflow.lock"
    made = AirflowLock("3.13.5", "2.41", ("linux/amd64",), "as of now", (("in", "a"),), packages)
    path.write_text(airflow.render(made))
    return str(path)


def test_locks_are_told_with_the_biggest_steps_first_and_the_bytes_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lock(tmp_path / "a", alpha="1.0.0", beta="1.0", gone="1", same="1")
    after = lock(tmp_path / "b", alpha="1.0.1", beta="2.0", new="3", same="1")
    totals = "packages: 2 moved (1 major, 1 patch), 1 added, 1 removed; to fetch: 3 files, 4.5 kB"

    run(monkeypatch, before, after)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        f"locks: {totals}",
        "packages",
        "  airflow  alpha  1.0.0  1.0.1  patch",
        "  airflow  beta   1.0    2.0    major",
        "  airflow  gone   1      -      removed",
        "  airflow  new    -      3      added",
    ]

    run(monkeypatch, before, after, "--markdown")
    comment = capsys.readouterr().out
    assert comment.startswith(f"### Locks: {totals}\n")
    rows = [line for line in comment.splitlines() if line.startswith("| airflow")]
    assert rows == [
        "| airflow | `beta` | `1.0` | `2.0` | **major** |",
        "| airflow | `gone` | `1` |  | removed |",
        "| airflow | `new` |  | `3` | added |",
        "| airflow | `alpha` | `1.0.0` | `1.0.1` | patch |",
    ]

    run(monkeypatch, after, before, "--json")
    document = json.loads(capsys.readouterr().out)["locks"]
    assert [(one["name"], one["step"], one["downgrade"]) for one in document["packages"]["moved"]] == [
        ("alpha", "patch", True),
        ("beta", "major", True),
    ]
    assert document["packages"]["unchanged"] == 1
    assert document["fetch"]["bytes"] == 3 * 1500


def test_a_platform_does_not_go_with_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lock(tmp_path / "a", alpha="1")

    assert run(monkeypatch, path, path, "--platform", "linux/amd64") == 2
    assert "--platform chooses among images" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("a", "b", "c"), ("a", "b", "--json", "--markdown"), ("a", "b", "--all", "--json")]
)
def test_misuse_is_told(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    assert run(monkeypatch, *arguments) == 2
    assert capsys.readouterr().out == ""


def test_a_damaged_layer_of_an_archive_is_told_under_the_archives_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_layout(here / "bad", [tar([Member("keep")])[:512] + b"\1" * 512])
    with tarfile.open(here / "bad.tar", "w") as archive:
        archive.add(here / "bad", ".")

    assert run(monkeypatch, "a", "bad.tar") == CorruptError.exit_code

    said = capsys.readouterr().err
    assert "the layer bad.tar/blobs/sha256/" in said
    assert "next:    make the archive or layout again" in said
