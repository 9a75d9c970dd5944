"""What git knows of a project: its commit, what of its work tree is not in it, and where it came from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airlock import process
from airlock.errors import ConfigError
from airlock.index.locations import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from airlock.process import Arg, Done

# Of what git tells a hook, by which every folder is the top of a work tree.
_OF_HOOKS = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")
# By which git takes another repository than that of its folder (git rev-parse --local-env-vars, without settings).
_OF_ANOTHER = (
    *_OF_HOOKS, "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip
_SCP = re.compile(r"(?:[^/@]*@)?([^/:@]+):(?!//)(.+)")
_IGNORED, _UNTRACKED = "!!", "??"
_BRANCH = "# branch.oid "
_FIELDS = {"1": 8, "2": 9, "u": 10}  # before the path, in lines of git-status(1)'s second format
_RESULTS = "build/"  # of airlock: what it composes is no change of the project


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


def state(project: Path, distributions: Iterable[Path] = ()) -> State:
    """Return a project's place in git; `distributions` are the folders in it that are built into the image.

    Raises ConfigError where it is in no repository, or has no commit.
    """
    require_repository(project)
    found = ask(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if found.returncode:
        raise ConfigError(
            f"the repository of {project} has no commit",
            cause="HEAD names none",
            remedy="git add --all && git commit",
        )
    prefix = ask(project, "rev-parse", "--show-prefix").stdout.decode(errors="surrogateescape").rstrip("\n")
    dirty = _dirty(project, prefix, [folder.relative_to(project).as_posix() for folder in distributions])
    return State(found.stdout.decode().strip(), dirty, remote(project), prefix.rstrip("/"))


@dataclass(frozen=True)
class Content:
    """What git says of a folder's content: HEAD's name, "" where there is none, and paths in the folder.

    `dirty` are those that are not as HEAD has them, untracked ones included; `ignored` those that .gitignore names.
    Of a folder that is ignored itself HEAD has nothing: it is dirty as a whole, and nothing in it counts as ignored.
    """

    commit: str
    dirty: tuple[str, ...]
    ignored: tuple[str, ...]


def content(folder: Path) -> Content:
    """Return what git says of a folder's content; nothing of one in no repository. Raises ConfigError."""
    top = folder.resolve()
    if not any((place / ".git").exists() for place in (top, *top.parents)):
        return Content("", (), ())
    done = ask(
        folder, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--ignored=matching",
        "--no-renames", "--", ".",
    )  # fmt: skip
    if done.returncode:
        raise ConfigError(
            f"what git knows of {folder} cannot be had",
            cause=done.stderr.decode(errors="replace").strip(),
            remedy="git status",
        )
    prefix = ask(folder, "rev-parse", "--show-prefix").stdout.decode(errors="surrogateescape").rstrip("\n")
    commit, dirty, ignored = "", [], list[str]()
    for line in done.stdout.decode(errors="surrogateescape").split("\0"):
        kind, _, rest = line.partition(" ")
        if line.startswith(_BRANCH):
            commit = line.removeprefix(_BRANCH)
        elif kind == "!" and prefix.startswith(f"{rest.rstrip('/')}/"):
            dirty.append(".")
        elif kind == "!":
            ignored.append(rest.removeprefix(prefix).rstrip("/"))
        elif kind == "?":
            dirty.append(rest.removeprefix(prefix).rstrip("/"))
        elif kind in _FIELDS:
            dirty.append(line.split(" ", _FIELDS[kind])[-1].removeprefix(prefix))
    return Content("" if commit == "(initial)" else commit, tuple(sorted(dirty)), tuple(sorted(ignored)))


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


def blob(project: Path, commit: str, path: str) -> bytes | None:
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


def ask(folder: Path, *arguments: Arg, apart: bool = False) -> Done:
    """Run git in a folder, whoever calls this; it takes no locks, and its exit code tells whether it failed.

    `apart` from every other repository, also from one that variables name. Raises CommandError where there is no git.
    """
    told = _OF_ANOTHER if apart else () if "GIT_WORK_TREE" in os.environ else _OF_HOOKS
    environ = {key: value for key, value in os.environ.items() if key not in told}
    return process.run(["git", "--no-optional-locks", "-C", folder, *arguments], env=environ, check=False)


def _dirty(project: Path, prefix: str, distributions: Sequence[str]) -> tuple[str, ...]:
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
    found = [(entry[:2], entry[3:]) for entry in entries if entry]
    if any(prefix.startswith(path) for _, path in found):
        return (".",)  # the project itself is new
    named = ((status, path.removeprefix(prefix)) for status, path in found)
    return tuple(sorted(path for status, path in named if _counts(status, path, distributions)))


def _counts(status: str, path: str, distributions: Iterable[str]) -> bool:
    """Whether what is not as HEAD has it is a change of the project."""
    if status == _IGNORED:
        return _is_input(path, distributions)
    return status != _UNTRACKED or not path.startswith(_RESULTS)


def _is_input(ignored: str, distributions: Iterable[str]) -> bool:
    """Whether something that git ignores decides an image's bytes."""
    path = PurePosixPath(ignored)
    folder = next((one for one in distributions if path.is_relative_to(one)), None)
    if folder is not None:
        from airlock.wheels import source  # noqa: PLC0415 - much to import, and most projects have none ignored there

        below = path.relative_to(folder)
        return below == PurePosixPath() or source.is_source(below)
    match path.parts[0]:
        case "constraints":
            return len(path.parts) == 1 or path.suffix in {".lock", ".in"}
        case "image":
            return "__pycache__" not in path.parts
        case _:
            above = any(PurePosixPath(one).is_relative_to(path) for one in distributions)
            return above or str(path) == "pyproject.toml"
