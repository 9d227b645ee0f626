"""What a registry's webhook says happened; Python's own library only.

An event is a hint: it says that something may have changed, never what is so now.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

_CHARS = 1_000
_JSON = "JSON"
_OBJECT = "an object"
_DATA = "an object with an object as its data"
_KNOWN = "MLflow's (entity), Databricks' (event) or ours (kind)"


class Event(NamedTuple):
    """One thing that happened in a registry; empty where the event does not say."""

    kind: str
    """`model_version_alias.created`, `model_version_tag.set`, …"""
    model: str
    version: str = ""
    alias: str = ""
    tag: str = ""
    value: str = ""
    stage: str = ""
    at: str = ""
    """ISO 8601, by the registry's clock."""
    id: str = ""
    """Of the delivery; the same each time it is sent again."""

    @property
    def is_example(self) -> bool:
        """Whether it is what MLflow's own `test_webhook` sends."""
        return self.model == "example_model"

    def described(self) -> dict[str, str]:
        """What it says, as JSON."""
        return {key: value for key, value in self._asdict().items() if value}


class NotAnEventError(ValueError):
    """The body is none of those that are known."""

    def __init__(self, lacks: str) -> None:
        super().__init__(f"the body is not {lacks}")


def read_event(body: str | bytes, delivery: str = "") -> Event:
    """
    Read a body: MLflow's, Databricks', or what the relay sent on.

    Raises:
        NotAnEventError: It is none of them.
    """
    try:
        said = json.loads(body)
    except ValueError as cause:
        raise NotAnEventError(_JSON) from cause
    if not isinstance(said, dict):
        raise NotAnEventError(_OBJECT)
    if isinstance(said.get("client_payload"), dict):
        said = said["client_payload"]
    if "entity" in said:
        return _mlflow(said, delivery)
    if "event" in said and "model_name" in said:
        return _databricks(said, delivery)
    if "kind" in said and "model" in said:
        known = {k: _text(v) for k, v in said.items() if k in Event._fields}
        return Event(**known)
    raise NotAnEventError(_KNOWN)


def _mlflow(said: Mapping[str, Any], delivery: str) -> Event:
    """`{"entity", "action", "timestamp", "data"}`, as MLflow 3 sends it."""
    data = said.get("data")
    if not isinstance(data, dict):
        raise NotAnEventError(_DATA)
    return Event(
        kind=f"{_text(said['entity'])}.{_text(said.get('action'))}",
        model=_text(data.get("name")),
        version=_text(data.get("version")),
        alias=_text(data.get("alias")),
        tag=_text(data.get("key")),
        value=_text(data.get("value")),
        at=_text(said.get("timestamp")),
        id=delivery,
    )


def _databricks(said: Mapping[str, Any], delivery: str) -> Event:
    """
    `{"event", "model_name", "version", "to_stage", "tags", "event_timestamp", …}`.

    Of several tags that were set at once none is named: any may be the one that counts.
    """
    tags = said.get("tags")
    one = tags[0] if isinstance(tags, list) and len(tags) == 1 else {}
    tag = one if isinstance(one, dict) else {}
    return Event(
        kind=_text(said["event"]),
        model=_text(said["model_name"]),
        version=_text(said.get("version")),
        tag=_text(tag.get("key")),
        value=_text(tag.get("value")),
        stage=_text(said.get("to_stage")),
        at=_moment(said.get("event_timestamp")),
        id=delivery or _text(said.get("webhook_id")),
    )


def _moment(value: object) -> str:
    """Milliseconds since the epoch as ISO 8601; anything else as it is."""
    if isinstance(value, int):
        with suppress(OverflowError, ValueError, OSError):
            return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return _text(value)


def _text(value: object) -> str:
    """As text; the start of it, as what is sent on may be only so large."""
    return "" if value is None else str(value)[:_CHARS]
