"""What functions have said: CloudWatch Logs, and the groups that keep it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mlflow_serverless.aws.keeper import all_of
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan.names import log_group
from mlflow_serverless.platform_lines import SAID, measured
from mlflow_serverless.world import LogLine

_STREAM = re.compile(
    r"(?:.*/)?\d{4}/\d\d/\d\d/(?:[^[]*)\[(?P<version>[^]]+)\](?P<id>.+)"
)
"""`2026/11/21/[3]5f…`; a custom group has the function's name before the bracket."""

_COUNTS = " ".join(f'?"{said}"' for said in ("_aws", *SAID))
"""Lines with any of these: what requests measured, and how they ended."""


class Logs:
    """
    Lines of functions.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def lines(
        self, name: str, *, since: datetime | None = None, group: str = ""
    ) -> Iterator[LogLine]:
        """Lines of *name* since then, in order of time; none if it never wrote."""
        for event in self._events(group or log_group(name), since, ""):
            yield _line(event)

    def metrics(
        self, name: str, *, since: datetime | None = None, group: str = ""
    ) -> Iterator[Mapping[str, object]]:
        """See `world.Logbook`."""
        events = self._events(group or log_group(name), since, _COUNTS)
        yield from measured(map(_line, events))

    def _events(
        self, group: str, since: datetime | None, pattern: str
    ) -> Iterator[dict[str, Any]]:
        found = all_of(
            self._access.client("logs"), "filter_log_events", "events",
            logGroupName=group, startTime=_ms(since) if since else 0,
            **({"filterPattern": pattern} if pattern else {}),
        )  # fmt: skip
        return iter(sorted(found, key=lambda event: event["timestamp"]))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _line(event: dict[str, Any]) -> LogLine:
    found = _STREAM.fullmatch(event["logStreamName"])
    return LogLine(
        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        version=found["version"] if found else "",
        environment=found["id"] if found else event["logStreamName"],
        text=event["message"].rstrip("\n"),
    )
