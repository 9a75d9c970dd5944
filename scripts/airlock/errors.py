"""The foreseen failures: each says the fact, its cause and what to type next, and has one exit code."""

from __future__ import annotations

from typing import ClassVar

from airlock_spec import wording

printable = wording.printable


class AirlockError(Exception):
    """A foreseen failure; `cli.main` prints it without a traceback and exits with `exit_code`.

    `fact` is what is so, `cause` why (one line or several), `remedy` what to do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, fact: str, *, cause: str = "", remedy: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.fact]
        for label, text in (("because:", self.cause), ("next:", self.remedy)):
            if text:
                lines.append(f"  {label:9}" + text.replace("\n", "\n" + " " * 11))
        return printable("\n".join(lines), keep="\n")


class ConfigError(AirlockError):
    """The configuration cannot be used: all that is wrong with it in one message."""

    exit_code = 3


class LockError(AirlockError):
    """A lock is stale, missing, or was edited by hand."""

    exit_code = 4


class ResolveError(AirlockError):
    """No set of versions satisfies the intent, or an index cannot be trusted."""

    exit_code = 5


class UnsealedError(AirlockError):
    """Files that the locks name are not in the store."""

    exit_code = 6


class FetchError(AirlockError):
    """A file cannot be had from the configured indexes and mirrors."""

    exit_code = 7


class CorruptError(AirlockError):
    """A file's content is not what its hash promises."""

    exit_code = 8


class UnsafeArchiveError(AirlockError):
    """An archive is malformed, or has a member that would land outside its place."""

    exit_code = 9


class CollisionError(AirlockError):
    """Two packages own one path with different content."""

    exit_code = 10


class MissingLibraryError(AirlockError):
    """An ELF file needs a shared library that the image does not hold."""

    exit_code = 11


class SandboxError(AirlockError):
    """No sandbox can be made here, or a command cannot run in it."""

    exit_code = 12


class EngineError(AirlockError):
    """The Docker Engine does not answer, or refuses the image."""

    exit_code = 13


class BuildError(AirlockError):
    """A distribution of the project cannot be built into a wheel."""

    exit_code = 14


class CommandError(AirlockError):
    """A program that airlock calls is missing or failed."""

    exit_code = 15


class ImageError(AirlockError):
    """The image has not been composed, or not for this platform."""

    exit_code = 16


class StorageError(AirlockError):
    """A folder cannot be written to: no space, no permission, or read-only."""

    exit_code = 17


class AwsError(AirlockError):
    """AWS does not answer, or refuses the request; `code` is AWS's own for the refusal, where there was one."""

    exit_code = 18
    code: str = ""


class NotReproducibleError(AirlockError):
    """Two builds of the same inputs differ."""

    exit_code = 19


class ForeignBinaryError(AirlockError):
    """A program or library of the image is for another processor than its platform's."""

    exit_code = 20


class DisagreementError(AirlockError):
    """A second resolver does not arrive at what a lock holds."""

    exit_code = 21


class VulnerableError(AirlockError):
    """What is locked has a known vulnerability that blocks."""

    exit_code = 22


class UnwantedVersionError(AirlockError):
    """A lock would bring a lower provider, or a yanked release, that nobody allowed by name."""

    exit_code = 23


class LicenseError(AirlockError):
    """The image holds a package under a licence that the project refuses."""

    exit_code = 24


class InitError(AirlockError):
    """A folder cannot become an airlock project, or is one already."""

    exit_code = 25


class UpError(AirlockError):
    """Airflow cannot be brought up here, ended while it started, or is up already."""

    exit_code = 26


class CheckError(AirlockError):
    """DAGs cannot be checked: there are none, no image, or the probe itself failed."""

    exit_code = 27


class RegistryError(AirlockError):
    """A registry does not answer, refuses what it was asked, or answers what cannot be true."""

    exit_code = 28


class PushError(AirlockError):
    """An image may not be pushed as asked: a tag names another digest, or the work tree is not committed."""

    exit_code = 29


class RepositoryError(AirlockError):
    """A repository is not set up as it should be, or a scan of it found what blocks."""

    exit_code = 30


class UntrustedError(AirlockError):
    """An image bears no signature of a trusted key, or is not what its provenance promises."""

    exit_code = 31


class SigningError(AirlockError):
    """A key cannot be used to sign, or is no key."""

    exit_code = 32


class DeployError(AirlockError):
    """A deployment failed and was taken back, or cannot be begun."""

    exit_code = 33


class PublishError(AirlockError):
    """The DAGs cannot be published as a release, or their release must not serve."""

    exit_code = 34


class LocationError(AirlockError):
    """What is at a location of releases cannot be used: there is none, or it is not as the format says."""

    exit_code = 35


class ArrivalError(AirlockError):
    """A release was published, and did not arrive in time, or with files that cannot be parsed."""

    exit_code = 36


class TerraformError(AirlockError):
    """Terraform is not here, or could not say what a folder or a plan would make."""

    exit_code = 37


class LabError(AirlockError):
    """The network of the lab could not be made, or what runs in it not be started."""

    exit_code = 38


class ProbeError(AirlockError):
    """No task could be run to look from, or it did not say what it saw."""

    exit_code = 39
