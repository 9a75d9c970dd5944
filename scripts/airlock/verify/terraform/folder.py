"""A folder of Terraform, read by a mocked run of its tests: every reference resolved, nothing real.

`terraform test` applies the configuration with all providers mocked, in a mirror of its folders, and tells the
state that came of it. Which resources there are, and which of them name which, is as it would be in AWS.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock.errors import TerraformError
from airlock.verify.inventory import Source
from airlock.verify.terraform import documents, made_up, mirror, mocked, modules, regions, running, tested
from airlock.verify.terraform.mapping.whole import inventory_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.process import Done
    from airlock.terminal import Terminal
    from airlock.verify.inventory import Inventory
    from airlock.verify.terraform.modules import Modules
    from airlock.verify.terraform.running import Terraform
    from airlock.verify.terraform.state import Resource
    from airlock.verify.terraform.tested import Told

_TESTS = "airlock-tests"
_TEST = "airlock.tftest.hcl"


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
class Resolved:
    """All resources with their values, the modules that they are of, and the provider's region."""

    resources: list[Resource]
    modules: Modules
    region: str


@dataclass(frozen=True)
class Folder:
    """A root module's folder; nothing is written into it. `region` is asked of the configuration where it is "".

    `apart` has the types, by address, of instances that had to be told apart: readings of folders that are alike may
    share it, which saves each a run of Terraform.
    """

    path: Path
    project: Path
    terminal: Terminal
    variables: Variables = field(default_factory=Variables)
    region: str = ""
    apart: dict[str, str] = field(default_factory=dict, compare=False)

    def read(self) -> Inventory:
        """Read it all. Raises TerraformError with Terraform's own message where it cannot be run."""
        with self.resolved() as one:
            return inventory_of(one.resources, one.modules, Source.TERRAFORM, one.region)

    @contextmanager
    def resolved(self) -> Iterator[Resolved]:
        """Give what Terraform resolves; places of modules can be told inside the block. Raises as `read`."""
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
            yield Resolved(run.resolved(), run.modules, run.region)


@dataclass
class _Run:
    """One run of Terraform in the mirror."""

    folder: Folder
    terraform: Terraform
    mirrored: Path
    modules: Modules
    plans: bool = False  # rather than applies, which takes twice as long

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
        self.plans = self.terraform.version >= tested.PLANS and not self.modules.of_kind("data")

    def resolved(self) -> list[Resource]:
        """Return the state of a mocked run, in which no two resources are taken for one another."""
        mocks = mocked.Mocks(self.region)
        told = self._tested(mocks, list(mocks.of_instances(self.folder.apart)))
        if twice := mocks.ambiguous(told.state):
            self.folder.apart.update((one.address, one.type) for one in twice)
            told = self._tested(mocks, list(mocks.of_instances(self.folder.apart)))
        state = told.state
        words = mocks.named(state)
        written = {key: mocked.replaced(text, words) for key, text in documents.written(state).items()}
        named = [mocks.renamed(one, _with_documents(one.content, written), words) for one in state]
        return made_up.forgotten(named, self.modules, told.schemas)

    def _tested(self, mocks: mocked.Mocks, instances: list[str]) -> Told:
        """Return what one run tells, whatever its `check` blocks say of what is made up: they stop no apply."""
        self.folder.terminal.say("terraform test, with every provider mocked …")
        overrides = [*mocks.of_blocks(self.modules), *instances]
        if self.plans:
            planned = tested.planned(running.events(self._run_test(mocks, overrides, tested.PLAN).stdout))
            if planned:
                return planned
            self.plans = False
        done = self._run_test(mocks, overrides, tested.APPLY)
        said = running.events(done.stdout)
        if failed := self._failed_checks(said):
            done = self._run_test(mocks, overrides, replace(tested.APPLY, failing=tuple(failed)))
            said = running.events(done.stdout)
        told = tested.applied(said)
        if done.returncode or not told:
            raise self._failure("terraform cannot say what the folder makes", said, done.stderr)
        return told

    def _run_test(self, mocks: mocked.Mocks, overrides: list[str], run: tested.Run) -> Done:
        mock_folder = self.mirrored / _TESTS / "mocks"
        mock_folder.mkdir(exist_ok=True)
        (mock_folder / "aws.tfmock.hcl").write_text(mocks.text())
        providers = tested.providers(self.modules, f"./{_TESTS}/mocks", run)
        (self.mirrored / _TESTS / _TEST).write_text(
            "\n".join([*providers, *run.overrides(overrides), run.text()])
        )
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
