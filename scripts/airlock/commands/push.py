"""`airlock push`: the image and its papers to a registry, whole before any tag names it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from airlock.terminal import Column, counted, megabytes

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.config import Config
    from airlock.git import State
    from airlock.papers.paper import Paper
    from airlock.push.outgoing import Outgoing
    from airlock.push.sending import Pushed
    from airlock.registry.reference import Repository

EPILOG = """\b
Examples:
  airlock push --dry-run              what would be sent, and which tags would be set
  airlock push                        to [tool.airlock.push] repository, under its tags
  airlock push --tag dev-anna         under a tag of your own, also from a dirty work tree
  airlock push --expect sha256:…      only if that is the digest: the one that CI tested
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
    mount_from: tuple[str, ...]
    dry_run: bool
    offline: bool
    as_json: bool


@click.command("push", epilog=EPILOG)
@click.option("--repository", default="", metavar="HOST/PATH", help="Where to (default: of pyproject.toml).")
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Under this tag (repeatable; {version}, {commit})."
)
@click.option(
    "--platform", "platforms", multiple=True, metavar="OS/ARCH", help="For this platform (repeatable)."
)
@click.option("--expect", default="", metavar="DIGEST", help="Refuse an image of another digest.")
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
    complete; what arrived is not sent again, however the last push ended. Prints the digest that the tags name.
    """
    from airlock.push import sending  # noqa: PLC0415 - heavy imports, after --help
    from airlock.push.dry_run import DryRun  # noqa: PLC0415
    from airlock.registry import connecting  # noqa: PLC0415
    from airlock.registry.registry import Registry  # noqa: PLC0415, TC001

    options = Options(**given)  # type: ignore[arg-type]  # click gives what the options above declare
    config = session.config_for(options.platforms)
    repository = _repository(options, config)
    outgoing = _outgoing(session, config, options)
    registry: Registry = connecting.connect(repository, options.mount_from)
    if options.dry_run:
        registry = DryRun(registry)
    rules = sending.Rules(mount_from=options.mount_from)
    pushed = sending.push(outgoing, registry, rules, session.terminal)
    _report(session, pushed, repository, options)
    _result(pushed, outgoing, repository, options)
    return 0


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
    from airlock.commands.fetch import sealed_inputs  # noqa: PLC0415
    from airlock.compose import image  # noqa: PLC0415
    from airlock.errors import PushError  # noqa: PLC0415
    from airlock.push import tags  # noqa: PLC0415
    from airlock.push.outgoing import Outgoing  # noqa: PLC0415

    state = _state(config)
    inputs = sealed_inputs(session, config, offline=options.offline)
    named = tags.Named(image.version(inputs), state)
    chosen = tags.resolve(options.tags or config.push.tags, named)
    composed = image.compose(inputs, session.places, session.terminal)
    if options.expect and composed.digest != options.expect:
        raise PushError(
            f"the image is {composed.digest}",
            cause=f"{options.expect} was expected: it was made of other files, or by another toolchain",
            remedy="check out the commit that was tested; then: airlock image",
        )
    images = [layout.read_image(config.layout, one) for one in config.platforms]
    index = composed.index if len(images) > 1 else None
    return Outgoing(tuple(images), index, tuple(_papers(session, config)), chosen)


def _state(config: Config) -> State | None:
    from airlock import git  # noqa: PLC0415 - as above
    from airlock.errors import ConfigError  # noqa: PLC0415

    try:
        return git.state(config.project)
    except ConfigError:
        return None


def _papers(session: Session, config: Config) -> list[Paper]:
    """Return the papers of the images in the layout; those that are not there are made."""
    from airlock import layout  # noqa: PLC0415 - as above
    from airlock.papers import bill, paper  # noqa: PLC0415

    images = [layout.read_image(config.layout, platform) for platform in config.platforms]
    digests = [image.digest for image in images]
    there = {(one.kind, one.subject) for one in paper.read(config.papers, digests)}
    made = [
        bill.of(image, config, session.places, session.terminal).paper(image)
        for image in images
        if (bill.KIND, image.digest) not in there
    ]
    paper.publish(config.papers, made, digests, session.terminal)
    return paper.read(config.papers, digests)


def _report(session: Session, pushed: Pushed, repository: Repository, options: Options) -> None:
    would = "would " if options.dry_run else ""
    columns = [Column("tag"), Column("was" if not options.dry_run else "would be")]
    new = set(pushed.set_tags)
    session.terminal.table(columns, [[tag, "set" if tag in new else "there"] for tag in pushed.tags])
    session.terminal.say(
        f"{repository}: {would}{'send' if would else 'sent'} {pushed.sent_blobs} of {pushed.blobs} blobs, "
        f"{megabytes(pushed.sent_bytes)}, {counted(pushed.papers, 'paper')}, {pushed.seconds:.1f} s"
    )


def _result(pushed: Pushed, outgoing: Outgoing, repository: Repository, options: Options) -> None:
    if not options.as_json:
        click.echo(pushed.digest)
        return
    document = dataclasses.asdict(pushed) | {
        "repository": str(repository),
        "reference": f"{repository}@{pushed.digest}",
        "platforms": [one.platform for one in outgoing.images],
        "papers": [
            {"kind": one.kind, "platform": one.platform, "digest": one.digest} for one in outgoing.papers
        ],
        "dry_run": options.dry_run,
    }
    click.echo(json.dumps(document))
