"""What git knows of a project: its commit, what of its work tree is not in it, and where it came from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airlock import process
from airlock.errors import ConfigError
from airlock.index.locations import redact

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.process import Arg, Done

# Of what git tells a hook, by which every folder is the top of a work tree.
_OF_HOOKS = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")
_SCP = re.compile(r"(?:[^/@]*@)?([^/:@]+):(?!//)(.+)")
_IGNORED = "!!"


@dataclass(frozen=True)
class State:
    """A project's place in git.

    `commit` is HEAD in hexadecimal digits; `dirty` names, from the project's folder, what differs from it there,
    untracked files included; `remote` is the URL of origin without credentials, "" where there is none; `folder`
    is the project's in its repository, "" at its top.
    """

    commit: str
    dirty: tuple[str, ...]
    remote: str
    folder: str = ""


def state(project: Path) -> State:
    """Return a project's place in git. Raises ConfigError where it is in no repository, or has no commit."""
    require_repository(project)
    found = ask(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if found.returncode:
        raise ConfigError(
            f"the repository of {project} has no commit",
            cause="HEAD names none",
            remedy="git add --all && git commit",
        )
    prefix = ask(project, "rev-parse", "--show-prefix").stdout.decode(errors="surrogateescape").rstrip("\n")
    dirty = _dirty(project, prefix)
    return State(found.stdout.decode().strip(), dirty, remote(project), prefix.rstrip("/"))


def remote(project: Path) -> str:
    """Return the URL of origin without credentials; "" where there is none, or it is a folder of this machine."""
    told = ask(project, "config", "--get", "remote.origin.url").stdout.decode(errors="replace").strip()
    if urlsplit(told).scheme in {"https", "http", "ssh", "git"} and "://" in told:
        return redact(told)
    short = _SCP.fullmatch(told)  # USER@HOST:PATH, as git-clone(1) has it for ssh
    return f"ssh://{short[1]}/{short[2].lstrip('/')}" if short and "://" not in told else ""


def commit(project: Path, revision: str) -> str | None:
    """Return the commit that a revision names, None where there is none here. Raises ConfigError outside of git."""
    require_repository(project)
    if not revision:
        return None
    found = ask(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return None if found.returncode else found.stdout.decode().strip()


def content(project: Path, commit: str, path: str) -> bytes | None:
    """Return a file as a commit has it, its path from the repository's top; None where there is none."""
    found = ask(project, "cat-file", "blob", f"{commit}:{path}")
    return None if found.returncode else found.stdout


def require_repository(project: Path) -> None:
    """Raise ConfigError where git finds no repository around a project."""
    if not project.is_dir():
        raise ConfigError(f"{project} is no folder", remedy="name the project's: airlock --project DIR …")
    inside = ask(project, "rev-parse", "--is-inside-work-tree")
    if inside.returncode or inside.stdout.strip() != b"true":
        raise ConfigError(
            f"git finds no repository around {project}",
            cause=inside.stderr.decode(errors="replace").strip() or "it is in no work tree",
            remedy="clone the project with git, or: git init && git add --all && git commit",
        )


def ask(folder: Path, *arguments: Arg) -> Done:
    """Run git in a folder, whoever calls this; it takes no locks, and its exit code tells whether it failed.

    Raises CommandError where there is no git.
    """
    told = () if "GIT_WORK_TREE" in os.environ else _OF_HOOKS
    environ = {key: value for key, value in os.environ.items() if key not in told}
    return process.run(["git", "--no-optional-locks", "-C", folder, *arguments], env=environ, check=False)


def _dirty(project: Path, prefix: str) -> tuple[str, ...]:
    """Return what is not as HEAD has it; of what git ignores, that which comes into an image all the same."""
    done = ask(
        project, "status", "--porcelain", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames",
        "--", ".",
    )  # fmt: skip
    if done.returncode:
        raise ConfigError(
            f"what differs from HEAD in {project} is not known",
            cause=done.stderr.decode(errors="replace").strip(),
            remedy="git status",
        )
    entries = done.stdout.decode(errors="surrogateescape").split("\0")
    found = ((entry[:2] == _IGNORED, entry[3:]) for entry in entries if entry)
    return tuple(
        sorted(
            "." if prefix.startswith(path) else path.removeprefix(prefix)  # ".": the project itself is new
            for is_ignored, path in found
            if not is_ignored or prefix.startswith(path) or _is_input(path.removeprefix(prefix))
        )
    )


def _is_input(ignored: str) -> bool:
    """Whether something that git ignores decides an image's bytes."""
    path = ignored.rstrip("/")
    if path.startswith("constraints/"):
        return path.endswith((".lock", ".in"))
    if path.startswith("image/"):
        return "__pycache__" not in path.split("/")
    return path in {"pyproject.toml", "constraints", "image"}
