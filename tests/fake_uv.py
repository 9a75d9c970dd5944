"""An index of invented packages and a `Uv` that resolves from it: greedy, but it speaks as uv does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from airlock.locks.uv import Answer, Question

ANY = "py3-none-any"
AMD = "cp313-cp313-manylinux_2_28_x86_64"
ARM = "cp313-cp313-manylinux_2_28_aarch64"


@dataclass(frozen=True)
class Release:
    """One version of a package: what it requires, and the tags of its wheels."""

    requires: tuple[str, ...] = ()
    tags: tuple[str, ...] = (ANY,)


class NoSolutionError(Exception):
    pass


class MustBuildError(Exception):
    """What uv says of a release that it would have to build."""


@dataclass
class FakeUv:
    """`packages` is name → version → Release; without `dates` no release satisfies --exclude-newer."""

    packages: dict[str, dict[str, Release]]
    dates: bool = True
    sizes: bool = True
    failure: str = ""
    asked: list[Question] = field(default_factory=list)

    def compile(self, question: Question) -> Answer:
        self.asked.append(question)
        if self.failure:
            return Answer(None, self.failure)
        if "--exclude-newer" in question.options and not self.dates:
            return Answer(None, NO_DATES)
        try:
            chosen, via = self._choose(question)
        except MustBuildError as error:
            return Answer(
                None, f"error: Failed to build `{error}`\n  cause: The build backend returned an error"
            )
        except NoSolutionError as error:
            return Answer(None, f"error: No solution found when resolving dependencies\n  cause: {error}\n")
        if question.output == "pylock.toml":
            built = _built(question)
            stanzas = (self._stanza(name, version, built) for name, version in sorted(chosen.items()))
            return Answer("".join(stanzas), "")
        hashed = "--generate-hashes" in question.options
        lines = [
            self._line(name, version, via[name], hashed=hashed) for name, version in sorted(chosen.items())
        ]
        return Answer("".join(lines), "")

    def _choose(self, question: Question) -> tuple[dict[str, str], dict[str, list[str]]]:
        machine = next((one.split("-")[0] for one in question.options if "manylinux" in one), "")
        wants: list[tuple[str, Requirement]] = [
            (f"-r {file}", Requirement(line))
            for file, text in question.inputs.items()
            for line in text.splitlines()
        ]
        limits = [
            ("you", Requirement(f"{name}=={version}")) for name, version in question.constraints.items()
        ]
        limits += [("you", Requirement(line)) for line in question.limits]
        preferred = dict(line.split("==") for line in question.preferences.splitlines())
        chosen: dict[str, str] = {}
        for _ in range(20):
            before = dict(chosen)
            for name in {want.name for _, want in wants}:
                rules = [(who, want) for who, want in (*wants, *limits) if want.name == name]
                picked = self._pick(name, rules, machine, preferred.get(name, ""), question)
                chosen[name] = picked
            if chosen == before:
                break
            wants = [want for want in wants if want[0].startswith("-r ")] + [
                (name, Requirement(one))
                for name, version in chosen.items()
                for one in self.packages[name][version].requires
            ]
            needed = {want.name for _, want in wants}
            chosen = {name: version for name, version in chosen.items() if name in needed}
        return chosen, {name: sorted({who for who, want in wants if want.name == name}) for name in chosen}

    def _pick(
        self,
        name: str,
        rules: list[tuple[str, Requirement]],
        machine: str,
        preferred: str,
        question: Question,
    ) -> str:
        if name not in self.packages:
            raise NoSolutionError(
                f"Because {name} was not found in the package registry and you require {name}, so."
            )
        fitting = [v for v in self.packages[name] if all(rule.specifier.contains(v) for _, rule in rules)]
        if not fitting:
            said = " and ".join(
                f"you require {rule}" if who.startswith(("-r", "you")) else f"{who} depends on {rule}"
                for who, rule in rules
            )
            raise NoSolutionError(
                f"Because {said}, we can conclude that your requirements are unsatisfiable."
            )
        built = {path.name for path in _built(question)}
        wheels = [
            v
            for v in fitting
            if any(t.endswith(("any", machine)) for t in self.packages[name][v].tags)
            or any(
                one.startswith(f"{name}-{v}-") and one.endswith(("any.whl", f"{machine}.whl"))
                for one in built
            )
        ]
        options = question.options
        only_wheels = {options[at + 1] for at, one in enumerate(options) if one == "--only-binary"}
        if question.sources and name not in only_wheels:
            newest = max(fitting, key=Version)
            if newest not in wheels:
                raise MustBuildError(f"{name}=={newest}")
        if not wheels:
            said = " and ".join(f"{who} depends on {rule}" for who, rule in rules if not who.startswith("-r"))
            raise NoSolutionError(
                f"Because {name}=={fitting[0]} has no usable wheels and {said}, so.\n\nhint: Wheels are"
                f" required for `{name}` because building from source is disabled for all packages"
            )
        return preferred if preferred in wheels else max(wheels, key=Version)

    def _stanza(self, name: str, version: str, built: list[Path]) -> str:
        wheels = [
            f'{{ url = "{path.as_uri()}", '
            f'hashes = {{ sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}" }} }}'
            for path in built
            if path.name.startswith(f"{name}-{version}-")
        ]
        for tag in self.packages[name][version].tags:
            filename = f"{name.replace('-', '_')}-{version}-{tag}.whl"
            size = "size = 1000, " if self.sizes else ""
            digest = hashlib.sha256(filename.encode()).hexdigest()
            url = f"https://files.example.invalid/{filename}"
            wheels.append(f'{{ url = "{url}", {size}hashes = {{ sha256 = "{digest}" }} }}')
        return f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{", ".join(wheels)}]\n'

    def _line(self, name: str, version: str, via: list[str], *, hashed: bool) -> str:
        if hashed:
            return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(name.encode()).hexdigest()}\n"
        return f"{name}=={version}    # via -c pins.txt, {', '.join(via)}\n"


def _built(question: Question) -> list[Path]:
    if "--find-links" not in question.options:
        return []
    return sorted(Path(question.options[question.options.index("--find-links") + 1]).iterdir())


NO_DATES = """\
warning: `click-8.5.1-py3-none-any.whl` is missing an upload date, but user provided: 2026-11-23T12:00:00Z
error: No solution found when resolving dependencies
  cause: Because there are no versions of click and you require click, we can conclude that it fails.

hint: `click` was filtered by `exclude-newer` to only include packages uploaded before 2026-11-23T12:00:00Z.
"""
