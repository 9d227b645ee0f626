"""What to make of an engine's refusal to open a graph."""

from __future__ import annotations

_HINTS = (
    (("Protobuf parsing failed", "INVALID_PROTOBUF", "verification", "ORT model"),
     "the file is not a graph, is cut short, or is of another format"),
    (("External data", "external data", "external initializer", "out of bounds"),
     "its weights are in a file beside it that is missing or cut short"),
    (("doesn't exist", "File not found", "No such file"),
     "the file, or one it refers to, is missing"),
    (("opset", "ir_version", "IR version"),
     "it was written for a newer engine; package with this one's opset or update it"),
    (("is not a registered function/op", "NOT_IMPLEMENTED", "Could not find an impl"),
     "it uses an operator that this engine does not have"),
)  # fmt: skip


def reason(message: str) -> str:
    """*message* on one line, with what it most likely means."""
    said = " ".join(message.split())[:600]
    for marks, meaning in _HINTS:
        if any(mark in message for mark in marks):
            return f"{meaning} ({said})"
    return said
