"""A location of releases in S3, for programs inside: published to by boto3, as `published_releases` asks for it."""

from __future__ import annotations

import os
from typing import Any

from boto3.session import Session

from airlock_plugins.s3 import S3Objects


class Publishing(S3Objects):
    """`read`, and beside it what publishing takes."""

    def create_bucket(self) -> None:
        self._client().create_bucket(Bucket=self.bucket)

    def swap(self, key: str, data: bytes, etag: str) -> bool:
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        self._client().put_object(Bucket=self.bucket, Key=self._key(key), Body=data, **condition)
        return True

    def keys(self, prefix: str) -> list[str]:
        found = self._client().list_objects_v2(Bucket=self.bucket, Prefix=self._key(prefix))
        return [one["Key"].removeprefix(f"{self.prefix}/") for one in found.get("Contents", ())]

    def _client(self) -> Any:
        return Session().client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
