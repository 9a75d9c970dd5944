"""Keys of AWS KMS that sign, under cosign's names for them: awskms://[ENDPOINT]/KEY."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from airlock import aws
from airlock.aws_failures import Service
from airlock.errors import AwsError, SigningError
from airlock.signing import local

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.literals import SigningAlgorithmSpecType

    from airlock.aws import Asking

_DENIED = (
    "allow these credentials kms:Sign and kms:GetPublicKey on the key (to verify: kms:GetPublicKey), in their own\n"
    "policy and in the key's. Whose they are: aws sts get-caller-identity"
)
SERVICE = Service("kms", "KMS", _DENIED, "an interface VPC endpoint (kms) of the key's region")
_SCHEME = "awskms://"
_ENDPOINT = r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?"
_ID = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_ARN = rf"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{{12}}:(?:key/{_ID}|{_ALIAS})"
_NAMED = re.compile(rf"awskms://({_ENDPOINT})?/({_ID}|{_ALIAS}|{_ARN})")
# SHA-256, as sigstore verifies with a public key; KMS signs with keys of P-384 over SHA-384 alone
_ALGORITHMS: tuple[SigningAlgorithmSpecType, ...] = ("ECDSA_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256")
_NO_KEY = frozenset(
    {"DisabledException", "InvalidKeyUsageException", "KMSInvalidStateException", "NotFoundException",
     "UnsupportedOperationException"}
)  # fmt: skip


class _Told(NamedTuple):
    algorithm: SigningAlgorithmSpecType
    public: local.PublicKey


def is_named(text: str) -> bool:
    return text.startswith(_SCHEME)


def key(text: str) -> KmsKey:
    """Read `awskms://[ENDPOINT]/KEY`, the key by its id, its ARN, or as alias/NAME; nothing is asked yet.

    Raises SigningError for anything else.
    """
    found = _NAMED.fullmatch(text)
    if found is None:
        raise SigningError(
            f"{text!r} names no key of KMS",
            cause="it has the shape awskms:///KEY-ID, awskms:///alias/NAME or awskms:///ARN",
            remedy="aws kms list-aliases",
        )
    return KmsKey(text, found[2], found[3] or "", f"https://{found[1]}" if found[1] else "")


@dataclass(frozen=True)
class KmsKey:
    """A Signer whose private half never leaves KMS; its public half is fetched once."""

    name: str
    _id: str = field(repr=False)
    _region: str = field(default="", repr=False)  # "": that of boto3's chain
    _endpoint: str = field(default="", repr=False)

    def sign(self, payload: bytes) -> bytes:
        digest, algorithm = hashlib.sha256(payload).digest(), self._told.algorithm
        try:
            answer = self._asking.ask(
                "sign with",
                self.name,
                lambda: self._asking.client.sign(
                    KeyId=self._id, Message=digest, MessageType="DIGEST", SigningAlgorithm=algorithm
                ),
            )
        except AwsError as error:
            raise self._refused(error) from error
        return answer["Signature"]

    @property
    def public(self) -> local.PublicKey:
        return self._told.public

    def verify(self, payload: bytes, signature: bytes) -> bool:
        return self.public.verify(payload, signature)

    @cached_property
    def _asking(self) -> Asking[KMSClient]:
        return aws.connect(replace(SERVICE, url=self._endpoint), self.name, region=self._region)

    @cached_property
    def _told(self) -> _Told:
        try:
            answer = self._asking.ask(
                "read the public key of",
                self.name,
                lambda: self._asking.client.get_public_key(KeyId=self._id),
            )
        except AwsError as error:
            raise self._refused(error) from error
        offered = answer.get("SigningAlgorithms") or []
        algorithm = next((one for one in _ALGORITHMS if one in offered), None)
        if algorithm is None:
            raise SigningError(
                f"{self.name} is no key that signs images",
                cause=f"cosign verifies over SHA-256; the key signs {', '.join(offered) or 'nothing'}",
                remedy="aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256",
            )
        return _Told(algorithm, local.public_key(self.name, answer["PublicKey"], is_der=True))

    def _refused(self, error: AwsError) -> AwsError | SigningError:
        """Return what is said where the key is at fault; everything else is AWS's or the network's."""
        if error.code not in _NO_KEY:
            return error
        return SigningError(
            f"{self.name} cannot be used",
            cause=error.cause,
            remedy=f"aws kms describe-key --key-id {self._id}",
        )
