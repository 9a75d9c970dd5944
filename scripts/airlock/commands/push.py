"""`airlock push`: the image and its papers to a registry, whole before any tag names it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.commands.image import Made
    from airlock.config import Config
    from airlock.git import State
    from airlock.layout import LaidOutImage
    from airlock.papers.paper import Paper
    from airlock.push.findings import Report
    from airlock.push.outgoing import Outgoing
    from airlock.push.sending import Sign
    from airlock.registry.reference import Repository

EPILOG = """\b
Examples:
  airlock push --dry-run              what would be sent, and which tags would be set
  airlock push                        to [tool.airlock.push] repository, under its tags
  airlock push --tag dev-anna         under a tag of your own, also from a dirty work tree
  airlock push --expect sha256:…      only if that is the digest: the one that CI tested
  airlock push --sign awskms:///alias/release --create --scan
                                      signed, to a repository as it should be, and scanned
  airlock push --repository 123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow
  airlock push --json | jq -r .digest
"""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    repository: str
    tags: tuple[str, ...]
    platforms: tuple[str, ...]
    expect: str
    reuse_from: str
    mount_from: tuple[str, ...]
    sign: str
    create: bool
    scan: bool
    dry_run: bool
    offline: bool
    as_json: bool


def _given(context: click.Context, option: click.Parameter, value: str | None) -> str:
    """Refuse what is given empty: a variable that nobody set must not turn off what was asked for."""
    if value is not None and not value.strip():
        raise click.BadParameter("is empty; a variable may not be set", context, option)
    return value or ""


def _digest(context: click.Context, option: click.Parameter, value: str | None) -> str:
    from airlock.registry.reference import DIGEST  # noqa: PLC0415 - heavy imports, after --help

    digest = _given(context, option, value)
    if digest and not DIGEST.fullmatch(digest):
        raise click.BadParameter(f"{digest} is not sha256: and 64 hexadecimal digits", context, option)
    return digest


@click.command("push", epilog=EPILOG)
@click.option(
    "--repository", callback=_given, metavar="HOST/PATH", help="Where to (default: of pyproject.toml)."
)
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Under this tag (repeatable; {version}, {commit})."
)
@click.option(
    "--platform", "platforms", multiple=True, metavar="OS/ARCH", help="For this platform (repeatable)."
)
@click.option("--expect", callback=_digest, metavar="DIGEST", help="Refuse an image of another digest.")
@click.option(
    "--sign",
    callback=_given,
    metavar="KEY",
    help="Sign it and its papers: awskms:///KEY, env://VARIABLE or a file.",
)
@click.option("--create", is_flag=True, help="Amazon ECR: make the repository as it should be first.")
@click.option("--scan", is_flag=True, help="Amazon ECR: wait for the scan; fail from scan-block up.")
@click.option(
    "--reuse-from",
    callback=_given,
    metavar="REF",
    help="Compose with the layers of this signed image, as `airlock image` does.",
)
@click.option(
    "--mount-from",
    multiple=True,
    metavar="PATH",
    help="Mount blobs from this repository of the registry, where it offers that (repeatable).",
)
@click.option("--dry-run", is_flag=True, help="Write nothing: say what would be done.")
@click.option("--offline", is_flag=True, help="Fetch nothing: fail where the store is not sealed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the digest.")
@click.pass_obj
def command(session: Session, /, **given: object) -> int:
    """Push the image and its papers to a registry, and set the tags last.

    The image is composed first, which takes no time where nothing changed. A tag never names anything that is not
    complete, signed where a key is named, and accompanied by its papers: the bill of materials, the provenance,
    and what others need to reuse its layers. What arrived is not sent again, however the last push ended. Prints
    the digest that the tags name.
    """
    from airlock.push import report, scan, sending  # noqa: PLC0415
    from airlock.push import repository as repositories  # noqa: PLC0415 - heavy imports, after --help
    from airlock.push.dry_run import DryRun  # noqa: PLC0415
    from airlock.registry import connecting  # noqa: PLC0415
    from airlock.registry.registry import Registry  # noqa: PLC0415, TC001

    options = Options(**given)  # type: ignore[arg-type]  # click gives what the options above declare
    config = session.config_for(options.platforms)
    repository = _repository(options, config)
    sign = _sign(options, config)
    standing = None if options.create else repositories.verify(repository, config.push, session.terminal)
    outgoing = _outgoing(session, config, options)
    standing = standing or repositories.create(
        repository, config.push, session.terminal, dry_run=options.dry_run
    )
    there = None if standing.missing else connecting.connect(repository, options.mount_from)
    registry: Registry | None = DryRun(repository, there) if options.dry_run else there
    assert registry is not None, "only a dry run leaves a repository missing"
    scans: list[Report] = []

    def approve() -> None:
        if options.scan and not options.dry_run:
            digests = [one.digest for one in outgoing.images]
            scans.extend(scan.scan(repository, config.push, digests, session.terminal))

    rules = sending.Rules(standing.is_immutable, sign, options.mount_from, approve)
    pushed = sending.push(outgoing, registry, rules, session.terminal)
    report.tell(pushed, repository, session.terminal, dry_run=options.dry_run)
    if options.as_json:
        document = report.document(pushed, outgoing, repository, standing.drifts, scans)
        click.echo(json.dumps(document | {"dry_run": options.dry_run}))
    else:
        click.echo(pushed.digest)
    return 0


def _sign(options: Options, config: Config) -> Sign | None:
    """Return what signs with the key that is named, if one is; a dry run counts, and asks no key.

    Raises SigningError.
    """
    from airlock.signing import attached, keys  # noqa: PLC0415 - as above

    name = options.sign or config.push.sign
    if not name:
        return None
    if options.dry_run:
        return lambda registry, digest: registry.manifest(attached.tag(digest)) is None
    signer = keys.signer(name, config.project, os.environ)
    return lambda registry, digest: attached.sign(registry, digest, signer).written


def _repository(options: Options, config: Config) -> Repository:
    from airlock.errors import ConfigError  # noqa: PLC0415 - as above
    from airlock.registry import reference  # noqa: PLC0415

    name = options.repository or config.push.repository
    if not name:
        raise ConfigError(
            "there is no repository to push to",
            cause="neither --repository nor [tool.airlock.push] repository names one",
            remedy="airlock push --repository ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME",
        )
    return reference.repository(name)


def _outgoing(session: Session, config: Config, options: Options) -> Outgoing:
    """Compose the image, and name it. Raises PushError where it is not the expected one."""
    from airlock import layout  # noqa: PLC0415 - as above
    from airlock.commands.image import make, prepare  # noqa: PLC0415
    from airlock.compose import image  # noqa: PLC0415
    from airlock.errors import PushError  # noqa: PLC0415
    from airlock.push import tags  # noqa: PLC0415
    from airlock.push.outgoing import Outgoing  # noqa: PLC0415

    state = _state(config)
    prepared = prepare(session, config, offline=options.offline, reuse_from=options.reuse_from)
    named = tags.Named(image.version(prepared.inputs), state)
    chosen = tags.resolve(options.tags or config.push.tags, named)
    made = make(session, prepared)
    tags.require_unchanged(state, _state(config))
    composed = made.composed
    if options.expect and composed.digest != options.expect:
        raise PushError(
            f"the image is {composed.digest}",
            cause=f"{options.expect} was expected: it was made of other files, or by another toolchain",
            remedy="check out the commit that was tested; then: airlock image",
        )
    images = [layout.read_image(config.layout, one, partial=True) for one in config.platforms]
    index = composed.index if len(images) > 1 else None
    return Outgoing(tuple(images), index, tuple(_papers(session, made, images, state)), chosen)


def _state(config: Config) -> State | None:
    """Return the project's place in git, None where it is in none.

    Raises ConfigError where git refuses one that is there, as another user's: what it would tell is not known.
    """
    from airlock import git  # noqa: PLC0415 - as above

    project = config.project.resolve()
    if not any((folder / ".git").exists() for folder in (project, *project.parents)):
        return None
    return git.state(project, config.distributions)


def _papers(
    session: Session, composed: Made, images: Sequence[LaidOutImage], state: State | None
) -> list[Paper]:
    """Return the papers of the images in the layout; those that are not there are made."""
    from airlock.commands.image import facts  # noqa: PLC0415 - as above
    from airlock.papers import bill, paper, provenance, published  # noqa: PLC0415

    config = composed.prepared.config
    digests = [image.digest for image in images]
    there = {(one.kind, one.subject) for one in paper.read(config.papers, digests)}
    made = [
        bill.of(image, config, session.places, session.terminal).paper(image)
        for image in images
        if (bill.KIND, image.digest) not in there
    ]
    if not all(published.is_kept(config.papers, image) for image in images):
        made += facts(session, composed)
    if state:  # another commit may have made the same image: its provenance is another
        made += [provenance.of(image, config, state, os.environ) for image in images]
    paper.publish(config.papers, made, digests, session.terminal)
    return paper.read(config.papers, digests)
