"""Lambda's own log lines, as text or, where a function's log is JSON, as JSON."""

from __future__ import annotations

import json
import re
import time

_START = re.compile(r"START RequestId: (?P<id>\S+) Version: (?P<version>\S+)")
_END = re.compile(r"END RequestId: (?P<id>\S+)")
_REPORT = re.compile(r"REPORT RequestId: (?P<id>\S+)\t(?P<rest>.*)")
_METRICS = {
    "Duration": "durationMs", "Billed Duration": "billedDurationMs",
    "Memory Size": "memorySizeMB", "Max Memory Used": "maxMemoryUsedMB",
    "Init Duration": "initDurationMs",
}  # fmt: skip


def as_json(line: str, at: float) -> str:
    """*line* as the JSON log format has it; a function's own line as it is."""
    if found := _START.fullmatch(line):
        return _event("start", at, requestId=found["id"], version=found["version"])
    if found := _END.fullmatch(line):
        return _event("runtimeDone", at, requestId=found["id"], status="success")
    if found := _REPORT.fullmatch(line):
        parts = [part.partition(": ") for part in found["rest"].split("\t")]
        metrics = {
            _METRICS[name]: float(value.split()[0])
            for name, _, value in parts
            if name in _METRICS
        }
        status = {name: value for name, _, value in parts}.get("Status")
        return _event(
            "report", at, requestId=found["id"], metrics=metrics,
            status=status or "success",
        )  # fmt: skip
    return line


def _event(kind: str, at: float, **record: object) -> str:
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    said = {"time": f"{when}.000Z", "type": f"platform.{kind}", "record": record}
    return json.dumps(said)
