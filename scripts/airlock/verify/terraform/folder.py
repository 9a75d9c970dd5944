"""A folder of Terraform, read by a mocked run of its tests: every reference resolved, nothing real.

`terraform test` applies the configuration with all providers mocked, in a mirror of its folders, and tells the
state that came of it. Which resources there are, and which of them name which, is as it would be in AWS.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock.errors import TerraformError
from airlock.verify.inventory import Source
from airlock.verify.terraform import documents, made_up, mirror, mocked, modules, regions, running
from airlock.verify.terraform.mapping.whole import inventory_of
from airlock.verify.terraform.state import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.process import Done
    from airlock.terminal import Terminal
    from airlock.verify.inventory import Inventory
    from airlock.verify.terraform.modules import Modules
    from airlock.verify.terraform.running import Terraform
    from airlock.verify.terraform.state import Resource

_TESTS = "airlock-tests"
_TEST = "airlock.tftest.hcl"
_AWS = "hashicorp/aws"
_BUILT_IN = "terraform"  # terraform_data, and the state of others


@dataclass(frozen=True)
class Variables:
    """Values for the configuration's variables: NAME=VALUE as on Terraform's own command line, and files of them."""

    values: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def arguments(self) -> list[str]:
        files = [f"-var-file={path.resolve()}" for path in self.files]
        return [*files, *(f"-var={value}" for value in self.values)]


@dataclass(frozen=True)
class Folder:
    """A root module's folder; nothing is written into it. `region` is asked of the configuration where it is ""."""

    path: Path
    project: Path
    terminal: Terminal
    variables: Variables = field(default_factory=Variables)
    region: str = ""

    def read(self) -> Inventory:
        """Read it all. Raises TerraformError with Terraform's own message where it cannot be run."""
        found = modules.read(self.path, self.project)
        if not any(one.blocks for one in found.modules) and not list(self.path.glob("*.tf.json")):
            raise TerraformError(
                f"{self.path} holds no Terraform",
                cause="there is no file that ends in .tf",
                remedy="name the folder of the root module: airlock verify --terraform DIR",
            )
        terraform = running.find()
        with tempfile.TemporaryDirectory(prefix="airlock-verify-") as temporary:
            mirrored = mirror.make(found, Path(temporary).resolve())
            run = _Run(self, terraform, mirrored, found)
            run.initialise()
            return inventory_of(run.resolved(), run.modules, Source.TERRAFORM, run.region)


@dataclass
class _Run:
    """One run of Terraform in the mirror."""

    folder: Folder
    terraform: Terraform
    mirrored: Path
    modules: Modules

    @property
    def region(self) -> str:
        variables = self.folder.variables
        return self.folder.region or regions.of(self.modules.root, variables.values, variables.files)

    def initialise(self) -> None:
        """Find the providers and modules: in mirrors and caches that the user's settings name, or in the folder."""
        self.folder.terminal.say("terraform init, in a mirror of the folder …")
        (self.mirrored / _TESTS).mkdir()
        base = ("init", "-backend=false", "-input=false", "-no-color", f"-test-directory={_TESTS}", "-json")
        done = self.terraform.run(self.mirrored, *base)
        fetched = self.folder.path.resolve() / ".terraform" / "providers"
        if done.returncode and fetched.is_dir():  # no network, and no mirror: what was fetched before
            done = self.terraform.run(self.mirrored, *base, f"-plugin-dir={fetched}")
        if done.returncode:
            raise self._failure("terraform init failed", running.events(done.stdout), done.stderr)
        self.modules = modules.read(self.mirrored, self.modules.project)

    def resolved(self) -> list[Resource]:
        """Return the state of a mocked run, in which no two resources are taken for one another."""
        mocks = mocked.Mocks(self.region)
        state, optional = self._tested(mocks, [])
        if twice := mocks.ambiguous(state):
            state, optional = self._tested(mocks, list(mocks.of_instances(twice)))
        words = mocks.named(state)
        written = {key: mocked.replaced(text, words) for key, text in documents.written(state).items()}
        named = [mocks.renamed(one, _with_documents(one.content, written), words) for one in state]
        return made_up.forgotten(named, self.modules, optional)

    def _tested(self, mocks: mocked.Mocks, instances: list[str]) -> tuple[list[Resource], made_up.Schemas]:
        """Return the state of one run, whatever its `check` blocks say of what is made up: they stop no apply."""
        self.folder.terminal.say("terraform test, with every provider mocked …")
        overrides = [*mocks.of_blocks(self.modules), *instances]
        done = self._run_test(mocks, overrides, [])
        said = running.events(done.stdout)
        if failed := self._failed_checks(said):
            done = self._run_test(mocks, overrides, failed)
            said = running.events(done.stdout)
        state = [one["test_state"] for one in said if one.get("type") == "test_state"]
        if done.returncode or not state:
            raise self._failure("terraform cannot say what the folder makes", said, done.stderr)
        return list(resources(state[0].get("root_module", {}))), made_up.schemas(state[0]["provider_schemas"])

    def _run_test(self, mocks: mocked.Mocks, overrides: list[str], failing: list[str]) -> Done:
        mock_folder = self.mirrored / _TESTS / "mocks"
        mock_folder.mkdir(exist_ok=True)
        (mock_folder / "aws.tfmock.hcl").write_text(mocks.text())
        expected = f"  expect_failures = [{', '.join(failing)}]\n" if failing else ""
        run = f'run "airlock" {{\n  command = apply\n{expected}}}\n'
        (self.mirrored / _TESTS / _TEST).write_text("\n".join([*_providers(self.modules), *overrides, run]))
        asked = ("test", "-json", "-verbose", "-no-color", f"-test-directory={_TESTS}")
        return self.terraform.run(self.mirrored, *asked, *self.folder.variables.arguments)

    def _failed_checks(self, said: list[Mapping[str, Any]]) -> list[str]:
        """Return the root module's checks that failed, where nothing else did."""
        found = running.complaints(said)
        if any(one.summary != running.CHECK for one in found):
            return []
        checks = [block for block in self.modules.root.blocks if block.kind == "check"]
        return [
            f"check.{block.labels[0]}"
            for block in checks
            if any(block.path.name == one.path and one.line in block.lines for one in found)
        ]

    def _failure(self, fact: str, events: list[Mapping[str, Any]], stderr: bytes) -> TerraformError:
        found = running.complaints(events)
        said = "\n".join(one.shown(self._place(one)) for one in found[:5])
        remedy = running.next_command(found[0], self.folder.path) if found else "terraform validate"
        return TerraformError(
            fact, cause=said or stderr.decode(errors="replace").strip()[-2000:], remedy=remedy
        )

    def _place(self, complaint: running.Complaint) -> str:
        if not complaint.path or complaint.path.startswith(_TESTS):
            return ""
        return f"{self.modules.shown(mirror.original(Path(complaint.path), self.mirrored))}:{complaint.line}"


def _with_documents(value: Any, written: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return written.get(value, value)
    if isinstance(value, list):
        return [_with_documents(one, written) for one in value]
    if isinstance(value, dict):
        return {key: _with_documents(one, written) for key, one in value.items()}
    return value


def _providers(found: Modules) -> Iterable[str]:
    """Give the mocks of all providers and aliases that the root module has, or needs without saying so."""
    aliases = {(block.labels[0], block.word("alias")) for _, block in _provider_blocks(found)}
    names = {name for name, _ in aliases} | _needed(found)
    for name, alias in sorted(aliases | {(name, "") for name in names}):
        lines = [f'  alias = "{alias}"'] if alias else []
        lines += [f'  source = "./{_TESTS}/mocks"'] if name in _aws(found) else []
        yield f'mock_provider "{name}" {{\n' + "".join(f"{line}\n" for line in lines) + "}\n"


def _provider_blocks(found: Modules) -> list[tuple[modules.Module, Any]]:
    return [pair for pair in found.of_kind("provider") if pair[1].labels and not pair[0].address]


def _needed(found: Modules) -> set[str]:
    """Return the names of providers that resources are of: the first word of their types."""
    kinds = {block.labels[0].split("_")[0] for _, block in found.of_kind("resource", "data") if block.labels}
    return (kinds | set(_required(found))) - {_BUILT_IN}


def _aws(found: Modules) -> set[str]:
    named = {name for name, source in _required(found).items() if source.lower().endswith(_AWS)}
    return named | {"aws"}


def _required(found: Modules) -> dict[str, str]:
    """Return the sources of the providers that the root module names itself."""
    text = "\n".join(block.text for block in found.root.blocks if block.kind == "terraform")
    pairs = re.findall(r'([\w-]+)\s*=\s*\{[^{}]*?\bsource\s*=\s*"([^"]+)"', text)
    return dict(pairs)
