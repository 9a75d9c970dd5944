"""`airlock verify-image`: whether an image in a registry is signed, and what its commit makes once more."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.cli import Session
    from airlock.first_difference import Difference
    from airlock.registry.reference import Reference
    from airlock.registry.registry import Manifest, Registry
    from airlock.signing.keys import Verifier
    from airlock.verification.promises import Promised

EPILOG = """\b
Examples:
  airlock verify-image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow:3.1.0
                                      signature, provenance, rebuild, comparison
  airlock verify-image REF --no-rebuild
                                      the signature alone, in a second
  airlock verify-image REF --key release.pub --key awskms:///alias/release
  airlock verify-image REF --json | jq .steps
"""
REBUILT = "rebuilt"


@dataclass
class Report:
    """What was found so far; each step is a name and what holds."""

    reference: str
    digest: str = ""
    holds: bool = False
    steps: dict[str, str] = field(default_factory=dict)
    commit: str = ""
    builder: str = ""
    difference: Difference | None = None


@dataclass(frozen=True)
class Asked:
    """An image of a registry, and whose word counts."""

    registry: Registry
    reference: Reference
    verifiers: Sequence[Verifier]


@click.command("verify-image", epilog=EPILOG)
@click.argument("reference", metavar="REF")
@click.option(
    "--key", "keys", multiple=True, metavar="KEY", help="Trust this key instead of trusted-keys (repeatable)."
)
@click.option("--no-rebuild", is_flag=True, help="Check the signature alone.")
@click.option("--keep", is_flag=True, help="Leave the rebuilt image in build/rebuilt.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, also where something fails.")
@click.pass_obj
def command(
    session: Session, *, reference: str, keys: tuple[str, ...], no_rebuild: bool, keep: bool, as_json: bool
) -> int:
    """Check an image of a registry: its signature, its provenance, and that its commit makes it again.

    The image is built from the commit that the signed provenance names, in a tree of its own, with nothing cached
    but the store; then digests are compared, each platform's. Prints the digest that was verified. Nothing of the
    work tree is touched.
    """
    from airlock.errors import AirlockError  # noqa: PLC0415 - heavy imports, after --help

    report = Report(reference)
    try:
        asked = _asked(session, reference, keys)
        top = _signature(session, asked, report)
        if not no_rebuild:
            _rebuild_and_compare(session, asked, top, report, keep=keep)
        report.holds = report.difference is None
    except AirlockError:
        _result(report, as_json=as_json)
        raise
    _result(report, as_json=as_json)
    if report.difference:
        raise _failure(report, report.difference, session.config.layout.with_name(REBUILT), kept=keep)
    return 0


def _asked(session: Session, text: str, keys: Sequence[str]) -> Asked:
    from airlock.registry import connecting  # noqa: PLC0415 - as above
    from airlock.registry.reference import reference  # noqa: PLC0415
    from airlock.signing.keys import verifier  # noqa: PLC0415

    named = reference(text)
    trusted = keys or session.config.push.trusted_keys
    verifiers = [verifier(key, session.config.project) for key in trusted]
    return Asked(connecting.connect(named.repository), named, verifiers)


def _signature(session: Session, asked: Asked, report: Report) -> Manifest:
    from airlock.registry import images  # noqa: PLC0415 - as above
    from airlock.signing import attached  # noqa: PLC0415
    from airlock.verification import promises  # noqa: PLC0415

    top = promises.resolved(asked.registry, asked.reference)
    report.digest = top.digest
    key = attached.require_trusted(asked.registry, top.digest, asked.verifiers)
    images.require_image(top)
    _holds(session, report, "signature", f"of {top.digest} by {key}")
    return top


def _rebuild_and_compare(
    session: Session, asked: Asked, top: Manifest, report: Report, *, keep: bool
) -> None:
    from airlock.compose import layout  # noqa: PLC0415 - as above

    images = _provenance(session, asked, top, report)
    place = session.config.layout.with_name(REBUILT)
    with layout.locked(place, session.terminal):
        shutil.rmtree(place, ignore_errors=True)  # of a run that was killed
        place.mkdir()
        try:
            report.difference = _difference(session, asked, images, report, place)
        finally:
            if not keep:
                shutil.rmtree(place, ignore_errors=True)


def _provenance(session: Session, asked: Asked, top: Manifest, report: Report) -> list[Promised]:
    from airlock import git  # noqa: PLC0415 - as above
    from airlock.verification import promises, source  # noqa: PLC0415

    project = session.config.project
    images = promises.of_one_source(
        [
            promises.promised(asked.registry, image, asked.verifiers)
            for image in promises.images_of(asked.registry, top)
        ],
        lambda commit: git.commit(project, commit) == commit,
    )
    promise = images[0].provenance
    report.commit, report.builder = promise.commit, promise.builder
    source.require_commit(project, promise)
    platforms = ", ".join(one.provenance.platform for one in images)
    _holds(
        session,
        report,
        "provenance",
        f"{platforms} from commit {promise.commit}, by {promise.builder}; "
        f"its settings and locks are as that commit has them",
    )
    return images


def _difference(
    session: Session, asked: Asked, images: Sequence[Promised], report: Report, place: Path
) -> Difference | None:
    from airlock.verification import comparing  # noqa: PLC0415 - as above
    from airlock.verification.rebuilding import Rebuilding  # noqa: PLC0415

    promise = images[0].provenance
    session.terminal.say(f"building again from commit {promise.commit} …")
    rebuild = Rebuilding(
        session.config.project, place, session.places.store, os.environ, quiet=session.terminal.quiet
    )
    rebuilt = rebuild(promise, [one.provenance.platform for one in images])
    _holds(session, report, "rebuilt", comparing.rebuilt_digest(rebuilt))
    found = comparing.difference(asked.registry, report.digest, images, rebuilt, place / "pushed")
    if found is None:
        _holds(session, report, "equal", report.digest)
    return found


def _holds(session: Session, report: Report, step: str, what: str) -> None:
    report.steps[step] = what
    session.terminal.say(f"{step}: {what}")


def _failure(report: Report, difference: Difference, place: Path, *, kept: bool) -> Exception:
    from airlock.errors import UntrustedError  # noqa: PLC0415 - as above

    return UntrustedError(
        f"{report.reference} is not what commit {report.commit} makes: {difference.path or difference.where} differs",
        cause=f"first: the image in the registry, second: the one that was built again\n{difference}",
        remedy=f"look into {place}" if kept else f"airlock verify-image --keep {report.reference}",
    )


def _result(report: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report)))
    elif report.holds:
        click.echo(report.digest)
