"""Those that build the image: airlock, and BuildKit from image/Dockerfile or one with a stage for each layer."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from airlock import certificates, config, docker_context, layout
from airlock.cache import Cache
from airlock.compose import image, image_file
from airlock.locks import airflow, debian
from airlock.places import Places
from airlock.platforms import native
from airlock.terminal import Terminal
from airlock.wheels import source
from benchmarks import variants
from benchmarks.docker import REPOSITORY as IN_ENGINE
from benchmarks.docker import docker, image_id, remove_images
from benchmarks.measuring import seconds, timed
from project import REPOSITORY

if TYPE_CHECKING:
    from airlock.docker_context import Groups
    from airlock.layout import LaidOutImage
    from project import Project

LAYOUT, LOAD = "layout", "load"  # where an image goes: into an OCI layout, or into the engine


class Builder(Protocol):
    """Builds the image of a copy of the project, which has caches of its own."""

    @property
    def project(self) -> Project: ...

    @property
    def reference(self) -> str:
        """What the image is called in the engine."""
        ...

    def forget(self) -> None:
        """Drop everything that was cached or loaded; the store stays sealed."""
        ...

    def build(self, target: str) -> float:
        """Build into LAYOUT or LOAD; return the seconds it took."""
        ...

    def laid_out(self) -> LaidOutImage:
        """Return the image that was built into LAYOUT last."""
        ...


def name_of(peer: str) -> str:
    """Return the name of a peer's image, for AIRLOCK_NAME."""
    return f"{IN_ENGINE}/{peer}"


@dataclass
class Composer:
    """`airlock image --offline`, with `--load` for the engine."""

    project: Project
    peer: str = "airlock"
    loaded: list[str] = field(default_factory=list)

    @property
    def reference(self) -> str:
        return f"{name_of(self.peer)}:latest"

    def forget(self) -> None:
        remove_images(self.loaded, name_of(self.peer))
        for folder in (
            self.project.folder / "build",
            self.project.cache / "cache",
            self.project.cache / "trees",
        ):
            shutil.rmtree(folder, ignore_errors=True)

    def build(self, target: str) -> float:
        command = self.project.command(
            "--quiet", "image", "--offline", *(["--load"] if target == LOAD else [])
        )
        spent = timed(command, self.project.variables(), self.project.folder).seconds
        if target == LOAD:
            self.loaded.append(image_id(self.reference))
        return spent

    def laid_out(self) -> LaidOutImage:
        return layout.read_image(self.project.layout, native())


@dataclass
class BuildKit:
    """`docker buildx bake` with the definition that `airlock context` writes.

    Preparing the context is not counted, but for the wheels of the project's own distributions: airlock
    builds them in its time, too.
    """

    project: Project
    peer: str = "buildkit"
    loaded: list[str] = field(default_factory=list)

    @property
    def reference(self) -> str:
        return f"{name_of(self.peer)}:{docker_context.TAG}"

    def forget(self) -> None:
        remove_images(self.loaded, name_of(self.peer))
        docker("buildx", "prune", "--all", "--force")
        shutil.rmtree(self.project.cache / "cache" / "wheels", ignore_errors=True)
        self.prepare_context()
        base = f"{name_of(self.peer)}:base"  # every build of the image starts with its base there
        self.bake("docker", "--set", "docker.target=python", "--set", f"docker.tags={base}")

    def build(self, target: str) -> float:
        spent = self.prepare_context()
        if target == LAYOUT:
            return spent + self.bake("layout")
        spent += self.bake("docker")
        self.loaded.append(image_id(self.reference))
        return spent

    def laid_out(self) -> LaidOutImage:
        (found,) = layout.images(self.project.layout.with_name("image-docker"))
        return found

    def prepare_context(self) -> float:
        """Prepare the context; return the seconds for the wheels of the project's own distributions."""
        inputs = self._inputs()
        cache = Cache(Places(self.project.cache).cache)
        spent = seconds(
            lambda: [source.wheel(source.describe(one), cache) for one in inputs.config.distributions]
        )
        groups = self._groups(inputs)
        places = Places(self.project.cache)
        docker_context.prepare(inputs, native(), places, Terminal(quiet=True), groups)
        return spent

    def _inputs(self) -> image.Inputs:
        found = config.load(self.project.folder, environ=self.project.variables())
        locks = airflow.read(found.airflow_lock), debian.read(found.debian_lock)
        return image.Inputs(
            found,
            image_file.load(found.image_file),
            *locks,
            certificates.read(found.certificates, found.project),
        )

    def _groups(self, inputs: image.Inputs) -> Groups:
        return docker_context.groups(inputs.airflow.wheels(native()))

    def _original(self) -> str:
        return (REPOSITORY / "image" / "Dockerfile").read_text()

    def _write_dockerfile(self, text: str) -> None:
        (self.project.folder / "image" / "Dockerfile").write_text(text)

    def bake(self, target: str, *options: str) -> float:
        """Build a target of the definition; return seconds."""
        definition = "build/docker/docker-bake.json"
        # in the project's folder: bake asks before it reads another
        command = ("buildx", "bake", "--progress=quiet", "--file", definition, *options, target)
        return docker(*command, cwd=self.project.folder).seconds


@dataclass
class OneStepBuildKit(BuildKit):
    """BuildKit with all locked wheels in one step."""

    peer: str = "buildkit-one-step"

    def _groups(self, inputs: image.Inputs) -> Groups:
        groups: Groups = {"packages": list(inputs.airflow.wheels(native()))}
        self._write_dockerfile(variants.one_step(self._original()))
        return groups


@dataclass
class LinkedBuildKit(BuildKit):
    """BuildKit with a stage for each of airlock's layers, each laid into the image with `COPY --link`."""

    peer: str = "buildkit-linked"

    def _groups(self, inputs: image.Inputs) -> Groups:
        wheels = {wheel.name: wheel for wheel in inputs.airflow.wheels(native())}
        groups: Groups = {}
        for layer in self.project.image()["layers"]:
            names = [label.partition(" ")[0] for label in layer["packages"]]
            if set(names) <= set(wheels):
                groups[layer["name"]] = [wheels[name] for name in names]
        self._write_dockerfile(variants.linked(self._original(), list(groups)))
        return groups
