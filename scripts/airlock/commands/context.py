"""`airlock context`: prepares what image/Dockerfile is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.cli import Session

EPILOG = """\b
Examples:
  airlock context                                         prepare build/docker
  docker buildx bake -f build/docker/docker-bake.json     build it, load it as NAME:docker
  docker buildx bake -f build/docker/docker-bake.json layout
                                                          build it into build/image-docker
"""


@click.command("context", epilog=EPILOG)
@click.option("--offline", is_flag=True, help="Use no network: fail where the store is not sealed.")
@click.pass_obj
def command(session: Session, *, offline: bool) -> int:
    """Prepare the folder build/docker that BuildKit builds image/Dockerfile from, without a network.

    It holds the Debian base, links to the locked wheels in the store, the wheels of the project's own
    distributions, the root file system, uv, and a definition for `docker buildx bake`, whose path is printed.
    """
    from airlock import docker_context  # noqa: PLC0415 - heavy imports, after --help
    from airlock.commands.fetch import sealed_inputs  # noqa: PLC0415
    from airlock.platforms import native  # noqa: PLC0415

    platform = native()  # the platform of uv, and of the containers that run it
    config = session.config_for([platform.name])
    inputs = sealed_inputs(session, config, offline=offline)
    prepared = docker_context.prepare(inputs, platform, session.places, session.terminal)
    click.echo(prepared.bake_file)
    return 0
