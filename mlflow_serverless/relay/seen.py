"""Where deliveries are remembered: a file here, a table or a bucket on AWS."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KEEP_S = 86_400
"""How long a delivery is remembered [s]; its timestamp is refused long before."""


class SeenInFile:
    """
    A sqlite file; any number of processes may share it.

    Args:
        file: Made when first needed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def claim(self, delivery: str, now: float) -> bool:
        """See `handle.Seen`."""
        with self._open() as db:
            db.execute("DELETE FROM seen WHERE at < ?", (now - KEEP_S,))
            made = db.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?)", (delivery, now)
            )
            return made.rowcount == 1

    def release(self, delivery: str) -> None:
        """See `handle.Seen`."""
        with self._open() as db:
            db.execute("DELETE FROM seen WHERE id = ?", (delivery,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._file, timeout=10)
        try:
            with db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at REAL)"
                )
                yield db
        finally:
            db.close()


class SeenInTable:
    """
    A DynamoDB table with the key `id` and time to live on `until`.

    Args:
        client: boto3's `dynamodb` client.
        table: Its name.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, delivery: str, now: float) -> bool:
        """See `handle.Seen`."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={"id": {"S": delivery}, "until": {"N": str(int(now) + KEEP_S)}},
                ConditionExpression="attribute_not_exists(id)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def release(self, delivery: str) -> None:
        """See `handle.Seen`."""
        self._client.delete_item(TableName=self._table, Key={"id": {"S": delivery}})


class SeenInBucket:
    """
    Empty objects in S3, put only if they are not there.

    Args:
        client: boto3's `s3` client.
        bucket: Its name; a lifecycle rule on the prefix removes what is old.
        prefix: Put before each id.
    """

    def __init__(self, client: Any, bucket: str, prefix: str = "seen/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def claim(self, delivery: str, now: float) -> bool:  # noqa: ARG002 - the rule's clock
        """See `handle.Seen`."""
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=f"{self._prefix}{delivery}", Body=b"",
                IfNoneMatch="*",
            )  # fmt: skip
        except self._client.exceptions.ClientError as cause:
            code = cause.response["Error"]["Code"]
            if code in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
        return True

    def release(self, delivery: str) -> None:
        """See `handle.Seen`."""
        key = f"{self._prefix}{delivery}"
        self._client.delete_object(Bucket=self._bucket, Key=key)
