"""What AWS says when it refuses, and what to do about it: from error codes to errors."""

from __future__ import annotations

from dataclasses import dataclass

from airlock.errors import AwsError

CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, sign in (aws sso login),\n"
    "or give the machine or the CI job a role; then: aws sts get-caller-identity"
)
NO_WAY = (
    "check the network's way to S3: a gateway or interface VPC endpoint of the bucket's region, or HTTPS_PROXY;\n"
    "the region is set with AWS_DEFAULT_REGION, another endpoint with AWS_ENDPOINT_URL_S3"
)
WAY_TO_CREDENTIALS = (
    "check the network's way to whoever gives the credentials: for a role that is STS (an interface VPC endpoint\n"
    "of the region, AWS_ENDPOINT_URL_STS, or HTTPS_PROXY); or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_ROLE = (
    "let the role's trust policy, and these credentials' own, allow it, or name another role or profile\n"
    "(AWS_PROFILE, AWS_ROLE_ARN); whose the credentials are: aws sts get-caller-identity"
)
ENDPOINT = "mend AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, as https://HOST[:PORT], or unset it"
_REGION = frozenset(
    {
        "301",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "PermanentRedirect",
        "TemporaryRedirect",
    }
)
_DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "Forbidden"})
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
    (
        _DENIED,
        (
            "allow these credentials s3:ListBucket on the bucket and s3:GetObject (to push: s3:PutObject)\n"
            "on its keys; the VPC endpoint's policy may refuse, too. Whose they are: aws sts get-caller-identity"
        ),
    ),
)


class MissingObjectError(AwsError):
    """There is no object of this name."""


class DeniedError(AwsError):
    """These credentials may not do it; to whoever may not list, S3 says so of objects that are absent, too."""


class TakenError(AwsError):
    """The object is there already, or is another than the one to be replaced."""


class ConflictError(AwsError):
    """Somebody else wrote the object at the same moment: S3 asks to try again."""


@dataclass(frozen=True)
class Refusal:
    """An answer of AWS that is an error: its code, its text, and the region that it names, if it does."""

    code: str
    text: str
    region: str = ""


_KINDS: dict[str, type[AwsError]] = {
    "404": MissingObjectError,
    "NoSuchKey": MissingObjectError,
    "NotFound": MissingObjectError,
    "412": TakenError,
    "PreconditionFailed": TakenError,
    "ConditionalRequestConflict": ConflictError,
}


def refused(answer: Refusal, doing: str, where: str) -> AwsError:
    """Return the error for an answer, given what was asked (`read`) and of what (`s3://bucket/key`)."""
    cause = f"{answer.code}: {answer.text}".rstrip(": ")
    if answer.code in _REGION:
        cause += f"\nthe bucket is in another region{answer.region and f': {answer.region}'}"
    kind = _KINDS.get(answer.code, AwsError)
    if answer.code in _DENIED and not _is_about_a_key(answer):
        kind = DeniedError
    return kind(f"cannot {doing} {where}", cause=cause, remedy=_remedy(answer))


def _remedy(answer: Refusal) -> str:
    if _is_about_a_key(answer):
        return "check the key, and that these credentials may use it (kms:GenerateDataKey, kms:Decrypt)"
    if answer.code in _REGION:
        return f"export AWS_DEFAULT_REGION={answer.region or 'REGION'}"
    for codes, remedy in _REMEDIES:
        if answer.code in codes:
            return remedy
    return "run it again; if it stays, look the code up among the error responses of Amazon S3"


def _is_about_a_key(answer: Refusal) -> bool:
    return answer.code.startswith("KMS.") or "kms:" in answer.text


def no_credentials(cause: str, doing: str, where: str, remedy: str = CREDENTIALS) -> AwsError:
    return AwsError(
        f"cannot {doing} {where}: there are no usable AWS credentials", cause=cause, remedy=remedy
    )


def role_refused(answer: Refusal, doing: str, where: str) -> AwsError:
    """Return the error for what STS or another giver of credentials answers."""
    remedy = _ROLE if answer.code in _DENIED else _remedy(answer)
    return no_credentials(f"{answer.code}: {answer.text}".rstrip(": "), doing, where, remedy)


def bad_endpoint(cause: str, doing: str, where: str) -> AwsError:
    return AwsError(f"cannot {doing} {where}: the endpoint is not usable", cause=cause, remedy=ENDPOINT)


def no_s3(endpoint: str, cause: str, doing: str, where: str) -> AwsError:
    cause = f"what answers at {endpoint} is not S3: {cause}"
    return AwsError(f"cannot {doing} {where}", cause=cause, remedy=f"{ENDPOINT};\na proxy may answer, too")


def unanswered(cause: str, doing: str, where: str) -> AwsError:
    return AwsError(f"cannot {doing} {where}: S3 does not answer", cause=cause, remedy=NO_WAY)
