"""What AWS says when it refuses, and what to do about it: from error codes to errors."""

from __future__ import annotations

from dataclasses import dataclass

from airlock.errors import AwsError

CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, sign in (aws sso login),\n"
    "or give the machine or the CI job a role; then: aws sts get-caller-identity"
)
_NO_WAY = (
    "check the network's way to {title}: {way}, or HTTPS_PROXY;\n"
    "the region is set with AWS_DEFAULT_REGION, another endpoint with {variable}"
)
WAY_TO_CREDENTIALS = (
    "check the network's way to whoever gives the credentials: for a role that is STS (an interface VPC endpoint\n"
    "of the region, AWS_ENDPOINT_URL_STS, or HTTPS_PROXY); or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_ROLE = (
    "let the role's trust policy, and these credentials' own, allow it, or name another role or profile\n"
    "(AWS_PROFILE, AWS_ROLE_ARN); whose the credentials are: aws sts get-caller-identity"
)
_ENDPOINT = "mend {variable} or AWS_ENDPOINT_URL, as https://HOST[:PORT], or unset it"
_CONFIGURED = "check AWS_PROFILE, AWS_DEFAULT_REGION and the files of the AWS CLI: aws configure list"
_REGION = frozenset(
    {
        "301",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "PermanentRedirect",
        "TemporaryRedirect",
    }
)
_DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "Forbidden",
        "UnauthorizedOperation",
    }
)
_UNUSABLE = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
_REMEDIES = (
    (frozenset({"NoSuchBucket"}), "check the bucket's name, or create it"),
    (frozenset({"RequestTimeTooSkewed"}), "set this machine's clock"),
    (_UNUSABLE, CREDENTIALS),
)


@dataclass(frozen=True)
class Service:
    """A service of AWS as failures tell of it."""

    name: str  # boto3's
    title: str  # for people
    denied: str  # what to do where it refuses: which actions to allow, on what
    way: str  # what a network without a way out reaches it by
    url: str = ""  # of an endpoint that was chosen; "": the one that boto3's chain finds

    @property
    def variable(self) -> str:
        """The variable that names another endpoint."""
        return f"AWS_ENDPOINT_URL_{self.name.upper().replace('-', '_')}"

    @property
    def endpoint(self) -> str:
        return _ENDPOINT.format(variable=self.variable)


class BrokenTransferError(AwsError):
    """An object's content ended early, or was altered on its way: it is worth another attempt."""


class MissingObjectError(AwsError):
    """There is no object of this name."""


class DeniedError(AwsError):
    """These credentials may not do it; to whoever may not list, S3 says so of objects that are absent, too."""


class TakenError(AwsError):
    """The object is there already, or is another than the one to be replaced."""


class TooBigError(AwsError):
    """The object has more bytes than any of its kind."""


class UnchangedError(AwsError):
    """The object is still the one that was read before."""


class ConflictError(AwsError):
    """Somebody else wrote the object at the same moment: S3 asks to try again."""


@dataclass(frozen=True)
class Refusal:
    """An answer of AWS that is an error: its code, its text, and the region that it names, if it does."""

    code: str
    text: str
    region: str = ""


_KINDS: dict[str, type[AwsError]] = {
    "304": UnchangedError,
    "404": MissingObjectError,
    "NoSuchKey": MissingObjectError,
    "NotFound": MissingObjectError,
    "412": TakenError,
    "PreconditionFailed": TakenError,
    "ConditionalRequestConflict": ConflictError,
    "OperationAborted": ConflictError,
}


def refused(service: Service, answer: Refusal, doing: str, where: str) -> AwsError:
    """Return the error for an answer, given what was asked (`read`) and of what (`s3://bucket/key`)."""
    cause = f"{answer.code}: {answer.text}".rstrip(": ")
    if answer.code in _REGION:
        cause += f"\nthe bucket is in another region{answer.region and f': {answer.region}'}"
    kind = _KINDS.get(answer.code, AwsError)
    if answer.code in _DENIED and not _is_about_a_key(service, answer):
        kind = DeniedError
    error = kind(f"cannot {doing} {where}", cause=cause, remedy=_remedy(service, answer))
    error.code = answer.code
    return error


def _remedy(service: Service, answer: Refusal) -> str:
    if _is_about_a_key(service, answer):
        return "check the key, and that these credentials may use it (kms:GenerateDataKey, kms:Decrypt)"
    if answer.code in _REGION:
        return f"export AWS_DEFAULT_REGION={answer.region or 'REGION'}"
    if answer.code in _DENIED:
        return service.denied
    for codes, remedy in _REMEDIES:
        if answer.code in codes:
            return remedy
    return f"run it again; if it stays, look the code up among the errors of {service.title}"


def _is_about_a_key(service: Service, answer: Refusal) -> bool:
    """Whether a service was refused the key that it encrypts with."""
    return service.name != "kms" and (answer.code.startswith("KMS.") or "kms:" in answer.text)


def no_credentials(cause: str, doing: str, where: str, remedy: str = CREDENTIALS) -> AwsError:
    return AwsError(
        f"cannot {doing} {where}: there are no usable AWS credentials", cause=cause, remedy=remedy
    )


def role_refused(service: Service, answer: Refusal, doing: str, where: str) -> AwsError:
    """Return the error for what STS or another giver of credentials answers."""
    remedy = _ROLE if answer.code in _DENIED else _remedy(service, answer)
    return no_credentials(f"{answer.code}: {answer.text}".rstrip(": "), doing, where, remedy)


def bad_endpoint(service: Service, cause: str, doing: str, where: str) -> AwsError:
    fact = f"cannot {doing} {where}: the endpoint is not usable"
    return AwsError(fact, cause=cause, remedy=service.endpoint)


def another_service(service: Service, endpoint: str, cause: str, doing: str, where: str) -> AwsError:
    cause = f"what answers at {endpoint} is not {service.title}: {cause}"
    return AwsError(
        f"cannot {doing} {where}", cause=cause, remedy=f"{service.endpoint};\na proxy may answer, too"
    )


def unanswered(service: Service, cause: str, doing: str, where: str) -> AwsError:
    remedy = _NO_WAY.format(title=service.title, way=service.way, variable=service.variable)
    return AwsError(f"cannot {doing} {where}: {service.title} does not answer", cause=cause, remedy=remedy)


def unusable(cause: str, doing: str, where: str) -> AwsError:
    """Return the error for a configuration that boto3 can make nothing of."""
    return AwsError(f"cannot {doing} {where}", cause=cause, remedy=_CONFIGURED)


def too_big(where: str, size: int, limit: int) -> TooBigError:
    cause = f"it has {size} bytes, and at most {limit} are expected"
    return TooBigError(f"cannot read {where}", cause=cause, remedy="check what else writes there")
