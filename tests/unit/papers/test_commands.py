"""`airlock sbom` and `airlock licenses`, as typed, on a whole project in miniature."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock import config
from airlock.locks import airflow, debian, intent
from airlock.locks.airflow import AirflowLock, LockedPackage
from airlock.locks.target import target
from airlock.papers import paper
from archives import make_deb, make_wheel, member
from small_project import HERE, LOADER, SmallProject
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "License: Evil\x1b[31m licence\n        and more\n"
OWN = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "ours"
version = "1.2"
license = "Apache-2.0"
dependencies = ["apache-airflow"]
"""


FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """Return a project with a distribution of its own, and packages that speak of their licences in odd ways."""
    made = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    (made.folder / "ours" / "ours").mkdir(parents=True)
    (made.folder / "ours" / "pyproject.toml").write_text(OWN)
    (made.folder / "ours" / "ours" / "__init__.py").write_text("")
    (made.folder / "constraints" / "airflow.in").write_text("apache-airflow\nevil\n")
    (made.folder / "constraints" / "debian.in").write_text("base-files\n")
    made.append("pyproject.toml", 'distributions = ["ours"]\n')
    lock(made, {"apache-airflow": "License-Expression: Apache-2.0\nRequires-Dist: evil\n", "evil": EVIL})
    monkeypatch.setenv("AIRLOCK_CACHE", str(made.places.root))
    monkeypatch.chdir(made.folder)
    return made


def lock(project: SmallProject, metadata: dict[str, str]) -> None:
    """Lock wheels of this metadata, and a libc6 with a copyright file, as the project's intent asks for them."""
    packages = []
    for name, fields in metadata.items():
        module = name.replace("-", "_")
        wheel = make_wheel({f"{module}/__init__.py": ""}, name=module, version="3.3.2", metadata=fields)
        file = project.keep(f"{module}-3.3.2-py3-none-any.whl", wheel)
        packages.append(LockedPackage(name, "3.3.2", (("any", file),)))
    lock_path, debian_path = (project.folder / "constraints" / f"{one}.lock" for one in ("airflow", "debian"))
    wanted = intent.read(config.load(project.folder, environ={}))
    versions = {"libc6": "2.41-12", "libpython3.13-stdlib": "3.13.5-2"}
    debs = debian.read(debian_path)
    loader = f"./usr/lib/{HERE.multiarch}/{HERE.loader.rpartition('/')[2]}"
    members = [
        (member(loader, mode=0o755), LOADER),
        (member("./usr/share/doc/libc6/copyright"), f"{FORMAT}License: LGPL-2.1+ and odd\n".encode()),
    ]
    libc = project.keep(f"libc6_1_{HERE.debian}.deb", make_deb(members, package="libc6"))
    locked = [
        replace(one, version=versions.get(one.package, one.version), sha256=libc.sha256, size=libc.size)
        if one.package == "libc6"
        else replace(one, version=versions.get(one.package, one.version))
        for one in debs.debs
    ]
    debs = replace(debs, debs=tuple(locked), intent=intent.pairs(wanted.debian))
    debian_path.write_text(debian.render(debs))
    found = target(debs)
    lock_path.write_text(
        airflow.render(
            AirflowLock(
                found.python, found.glibc, (HERE.name,), "test", intent.pairs(wanted.airflow), tuple(packages)
            )
        )
    )


def stored(project: SmallProject, name: str) -> Path:
    (found,) = (one.file for one in project.inputs.airflow.wheels(HERE) if one.name == name)
    return project.places.store / found.sha256 / found.filename


def test_sbom_prints_the_digest_of_a_paper_about_the_image(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image = project.compose()
    assert typed(monkeypatch, "sbom") == 0
    out, err = capsys.readouterr()

    (made,) = paper.read(project.folder / "build" / "papers", [image.digest])
    assert out == f"{made.digest}\n"
    assert "2 Python and 7 Debian packages, 1 of this project" in err
    names = {one["name"] for one in json.loads(made.content.content)["components"]}
    assert {"apache-airflow", "evil", "ours", "libc6", "debian"} <= names


def test_sbom_output_is_the_document_alone_on_stdout_or_in_a_file(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    assert typed(monkeypatch, "sbom", "--output", "-") == 0
    document = capsys.readouterr().out
    assert json.loads(document)["bomFormat"] == "CycloneDX"

    assert typed(monkeypatch, "sbom", "--output", "sbom.cdx.json", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    written = (project.folder / "sbom.cdx.json").read_bytes()
    assert written.decode() == document
    assert told["document"] == f"sha256:{hashlib.sha256(written).hexdigest()}"
    assert told["components"] == {"python": 2, "debian": 7, "project": 1}


def test_sbom_without_the_cache_of_facts_writes_the_same_bytes(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    said = []
    for _ in range(2):
        assert typed(monkeypatch, "sbom", "--output", "-") == 0
        said.append(capsys.readouterr().out)
        for kind in ("sbom", "package-facts"):
            shutil.rmtree(project.places.cache / kind)
    assert said[0] == said[1]


def test_sbom_knows_our_distribution_as_the_image_has_it(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    pyproject = project.folder / "ours" / "pyproject.toml"
    pyproject.write_text(OWN.replace('"1.2"', '"9.9"'))  # after composing
    assert typed(monkeypatch, "sbom", "--output", "-") == 0
    components = json.loads(capsys.readouterr().out)["components"]
    assert [one["version"] for one in components if one["name"] == "ours"] == ["1.2"]


def test_sbom_of_no_image_says_how_to_get_one(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "sbom") == 16
    out, err = capsys.readouterr()
    assert out == ""
    assert "next:    airlock image" in err
    assert not (project.folder / "build" / "papers").exists()


def test_sbom_refuses_an_image_of_other_locks(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    lock(project, {"apache-airflow": ""})
    assert typed(monkeypatch, "sbom") == 16
    assert "airflow.lock changed since" in capsys.readouterr().err


def test_sbom_says_what_is_missing_where_locks_are(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    (project.folder / "constraints" / "debian.lock").unlink()
    assert typed(monkeypatch, "sbom") == 16
    assert "debian.lock changed since" in capsys.readouterr().err


def test_a_pruned_store_is_named_and_what_is_known_already_needs_none(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    stored(project, "evil").unlink()
    assert typed(monkeypatch, "sbom") == 6
    assert "evil-3.3.2-py3-none-any.whl" in capsys.readouterr().err
    assert not (project.folder / "build" / "papers" / "index.json").exists()

    lock(project, {"apache-airflow": "License-Expression: Apache-2.0\nRequires-Dist: evil\n", "evil": EVIL})
    assert typed(monkeypatch, "sbom") == 0
    shutil.rmtree(project.places.store)
    shutil.rmtree(project.places.cache / "sbom")
    assert typed(monkeypatch, "sbom") == 0


def test_a_damaged_wheel_is_refused(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.compose()
    wheel = stored(project, "evil")
    content = bytearray(wheel.read_bytes())
    content[100] ^= 1
    wheel.write_bytes(content)
    assert typed(monkeypatch, "sbom") == 8
    assert (
        "evil-3.3.2-py3-none-any.whl in the store is not the file that the lock names"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("sbom", "--json", "--output", "-"),
        ("sbom", "--output", "/dev/stdout"),
        ("sbom", "--platform", "linux/amd64", "--platform", "linux/arm64", "--output", "x"),
        ("licenses", "--json", "--csv"),
    ],
)
def test_misuse_is_told_before_any_work(
    project: SmallProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    assert typed(monkeypatch, *arguments) == 2
    assert capsys.readouterr().out == ""


def test_licenses_lists_every_package_without_an_image_and_cannot_command_the_terminal(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "licenses") == 0
    out, err = capsys.readouterr()
    rows = {line.split()[0]: line.split(maxsplit=2)[2] for line in out.splitlines()[1:]}

    assert rows["apache-airflow"].split() == ["Apache-2.0", "License-Expression"]
    assert rows["ours"].split() == ["Apache-2.0", "License-Expression"]
    assert rows["evil"].startswith("Evil\\x1b[31m licence")
    assert rows["libc6"].startswith("LGPL-2.1-or-later, odd")
    assert rows["zlib1g"].split() == ["unknown", "nothing", "says"]
    assert "10 packages: 2 under SPDX licences, 2 with a name that SPDX does not settle, 6 unknown" in err
    assert "\x1b" not in out + err


def test_licenses_as_json_and_csv(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(project, {"apache-airflow": "License: MIT\n", "evil": "License: =HYPERLINK(1)\n"})
    assert typed(monkeypatch, "licenses", "--json") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    libc = next(one for one in document["packages"] if one["name"] == "libc6")
    assert (libc["licenses"], libc["expression"], libc["clarity"]) == (
        ["LGPL-2.1-or-later", "odd"],
        None,
        "named",
    )
    assert document["clarity"] == {"spdx": 2, "named": 2, "unknown": 6}
    assert document["summary"]["unknown"] == 6

    assert typed(monkeypatch, "licenses", "--csv") == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert next(row["licences"] for row in rows if row["package"] == "evil") == "'=HYPERLINK(1)"
    assert len(rows) == 10


def test_a_denied_licence_fails_with_its_own_code_after_the_list(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.append("pyproject.toml", 'licenses-denied = ["LGPL-*", "Evil*"]\n')
    assert typed(monkeypatch, "licenses", "--json") == 24
    out, err = capsys.readouterr()
    assert [one["name"] for one in json.loads(out)["packages"] if one["denied"]] == ["evil", "libc6"]
    assert "libc6 2.41-12: LGPL-2.1-or-later" in err

    project.append("pyproject.toml", 'licenses-known = ["evil: MIT", "libc6: MIT", "gone: MIT"]\n')
    assert typed(monkeypatch, "licenses") == 0
    assert "licenses-known answers for gone, which is not in the image" in capsys.readouterr().err


def test_an_answer_that_is_none_is_a_fault_of_the_configuration(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.append("pyproject.toml", 'licenses-known = ["evil: no such licence"]\n')
    assert typed(monkeypatch, "licenses") == 3
    assert "'evil: no such licence' is not NAME: SPDX expression" in capsys.readouterr().err
