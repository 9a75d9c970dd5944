from __future__ import annotations

import codecs
import os
from typing import TYPE_CHECKING

import pytest

from airlock.errors import InitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.projects.findings import Findings

    Read = Callable[..., Findings]


def taken(findings: Findings) -> list[str]:
    return [f"{one.line}: {one.text}" for one in findings.requirements]


def left(findings: Findings) -> dict[str, str]:
    return {str(one.line): one.why for one in findings.left_in_order()}


def test_requirements_are_taken_with_extras_markers_and_without_comments_or_hashes(found: Read) -> None:
    findings = found(
        {
            "requirements.txt": "# ours\n"
            "Pandas[excel] >=2, <3 # tables\n"
            "\n"
            "polars==1.2 \\\n"
            "  --hash=sha256:aa \\\n"
            "  --hash=sha256:bb\n"
            'tomli ; python_version < "3.11"\n'
        }
    )

    assert taken(findings) == [
        "requirements.txt:2: Pandas[excel]<3,>=2",
        "requirements.txt:4: polars==1.2",
        'requirements.txt:7: tomli; python_version < "3.11"',
    ]
    assert (findings.hashes, findings.left) == (1, [])


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + b"pandas\r\npolars\r\n",
        "\ufeffpandas\npolars\n".encode("utf-16-le"),
        "\ufeffpandas\npolars\n".encode("utf-16-be"),
        "\ufeffpandas\npolars\n".encode("utf-32-le"),
        b"pandas\rpolars",
    ],
    ids=["utf-8 mark and CRLF", "utf-16-le", "utf-16-be", "utf-32-le", "CR"],
)
def test_an_encoding_with_its_mark_and_any_line_end_is_read(found: Read, content: bytes) -> None:
    assert taken(found({"requirements.txt": content})) == [
        "requirements.txt:1: pandas",
        "requirements.txt:2: polars",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("pandas\n".encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (b"caf\xe9\n", "it is not UTF-8 text"),
        (b"x" * 4_000_001, "4.0 MB"),
    ],
)
def test_what_is_no_text_is_refused(found: Read, content: bytes, why: str) -> None:
    with pytest.raises(InitError) as caught:
        found({"requirements.txt": content})
    assert f"requirements.txt: {why}" in str(caught.value) or why in str(caught.value)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--index-url https://index.example/simple", "indexes come from pip's or uv's own configuration"),
        ("-i=https://index.example/simple", "indexes come from pip's or uv's own configuration"),
        ("--extra-index-url https://index.example", "indexes come from pip's or uv's own configuration"),
        (
            "--find-links /usr/local/airflow/plugins",
            "a folder of wheels is named in pip's or uv's configuration",
        ),
        ("--no-index", "the store is sealed"),
        ("--require-hashes", "the lock has a hash for every file"),
        ("--frobnicate", "--frobnicate is an option that airlock does not have"),
        ("-e .", "name it under distributions"),
        ("--editable=./libs/x", "name it under distributions"),
        ("-e git+https://git.example/x.git#egg=x", "a repository"),
        ("./libs/x", "name it under distributions"),
        ("libs/x", "name it under distributions"),
        ("../x", "name it under distributions"),
        ("plugins/x-1-py3-none-any.whl", "a file or URL"),
        ("/usr/local/airflow/plugins/x-1-py3-none-any.whl", "a file or URL"),
        ("file:///tmp/x-1-py3-none-any.whl", "a file or URL"),
        ("https://files.example/x-1.tar.gz", "a file or URL"),
        ("git+ssh://git@git.example/x.git@v1", "a repository"),
        ("x @ https://files.example/x-1-py3-none-any.whl", "a file or URL"),
        ("x @ git+https://git.example/x.git", "a repository"),
        ("pandas 2.2", "it is not a requirement (PEP 508)"),
        ("pandas==2.2.*.1", "it is not a requirement (PEP 508)"),
        ("pandas==${PANDAS}", "it has a variable of the environment"),
        ("-r ${WHICH}.txt", "it has a variable of the environment"),
        ("pandas\x1b[2J", "it has characters that cannot be shown"),
        ("-r \x1b]0;x\x07.txt", "it has characters that cannot be shown"),
        ("-r ../../etc/passwd", "it lies outside the project's folder"),
        ("-r /etc/passwd", "it lies outside the project's folder"),
        ("-r missing.txt", "No such file or directory"),
        ("-r https://files.example/r.txt", "it is not a file of this project"),
        ("-r requirements.txt", "requirements.txt is read already"),
        ("-r .", "it is not a file"),
        ("-c https://files.example/c.txt", "it is none of Airflow's own"),
        ("-c http://files.example/constraints-3.3.2/constraints-3.13.txt", "it could be altered on its way"),
        ("-c ../c.txt", "it lies outside"),
        ("apache-airflow>=2", "airflow.in asks for one exact version of Airflow"),
    ],
)
def test_what_cannot_be_taken_is_left_with_its_line_and_the_reason(found: Read, line: str, why: str) -> None:
    findings = found({"requirements.txt": f"polars\n\n{line}\n"})

    assert taken(findings) == ["requirements.txt:1: polars"]
    (left,) = findings.left
    assert str(left.line) == "requirements.txt:3"
    assert why in left.why


def test_an_option_of_a_requirement_is_left_and_the_requirement_taken(found: Read) -> None:
    findings = found({"requirements.txt": "pandas==2.2 --config-settings=a=b --hash=sha256:aa\n"})
    assert [one.text for one in findings.requirements] == ["pandas==2.2"]
    assert [one.line.text for one in findings.left] == ["--config-settings=a=b"]


def test_credentials_of_an_url_are_not_shown(found: Read) -> None:
    (left,) = found({"requirements.txt": "--index-url https://me:secret@index.example/simple\n"}).left
    assert left.line.text == "--index-url https://index.example/simple"


def test_included_files_are_read_once_from_where_they_are(found: Read) -> None:
    findings = found(
        {
            "requirements.txt": "-r requirements/base.txt\n--requirement=requirements/more.txt\n",
            "requirements/base.txt": "pandas\n-rmore.txt\n",
            "requirements/more.txt": "polars\n-r base.txt\n",
        }
    )

    assert taken(findings) == ["requirements/base.txt:1: pandas", "requirements/more.txt:1: polars"]
    assert left(findings) == {
        "requirements/more.txt:2": "requirements/base.txt is read already",
        "requirements.txt:2": "requirements/more.txt is read already",
    }


def test_files_that_include_one_another_without_end_are_left(found: Read) -> None:
    files: dict[str, str] = {f"{number}.txt": f"p{number}\n-r {number + 1}.txt\n" for number in range(60)}

    findings = found({"requirements.txt": "-r 0.txt\n", **files})

    assert len(findings.requirements) == 32
    assert left(findings) == {"31.txt:2": "more than 32 files include one another"}


def test_a_loop_of_symlinks_is_left(found: Read, tmp_path: Path) -> None:
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    assert left(found({"requirements.txt": "-r loop.txt\n"})) == {
        "requirements.txt:1": "Too many levels of symbolic links"
    }


def test_a_symlink_that_leads_outside_is_not_followed(found: Read, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("secret\n")
    (tmp_path / "in.txt").symlink_to(outside)
    findings = found({"requirements.txt": "-r in.txt\n-c in.txt\n"})
    assert findings.requirements == []
    assert set(left(findings).values()) == {"it lies outside the project's folder"}


def test_a_pipe_is_not_waited_for(found: Read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert left(found({"requirements.txt": "-r pipe.txt\n"})) == {"requirements.txt:1": "it is not a file"}


def test_the_same_requirement_is_taken_once_and_another_pin_of_a_name_is_left(found: Read) -> None:
    findings = found(
        {
            "requirements.txt": "pandas==2.2\nPANDAS==2.2\npandas==2.1\npandas<3\n"
            'numpy==1 ; python_version < "3.12"\nnumpy==2 ; python_version >= "3.12"\n'
        }
    )

    assert [one.text for one in findings.requirements] == [
        "pandas==2.2",
        "pandas<3",
        'numpy==1; python_version < "3.12"',
        'numpy==2; python_version >= "3.12"',
    ]
    assert left(findings) == {
        "requirements.txt:2": "requirements.txt:1 asks for the same",
        "requirements.txt:3": "requirements.txt:1 pins another version: pandas==2.2",
    }


def test_airflow_is_noted_with_its_extras(found: Read) -> None:
    findings = found({"requirements.txt": "apache_airflow[celery,postgres]==2.9.3\n"})

    assert findings.requirements == []
    assert findings.extras == {"celery", "postgres"}
    assert [(pin.version, pin.exact) for pin in findings.pins] == [("2.9.3", True)]
