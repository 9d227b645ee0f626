"""Errors as callers and Lambda read them, and JSON strings, without `json`."""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.faults import Fault

quoted: Callable[[str], str] = encode_basestring
"""A text as a JSON string, quotes included; other scripts stay as they are."""

quoted_ascii: Callable[[str], str] = encode_basestring_ascii
"""The same in ASCII only: safe wherever the text came from."""


def error_json(code: str, message: str) -> bytes:
    """What Lambda's error calls take: type, message, and never a stack trace."""
    return (
        f'{{"errorMessage":{quoted_ascii(message)},"errorType":{quoted_ascii(code)},'
        '"stackTrace":[]}'
    ).encode()


def fault_json(fault: Fault) -> bytes:
    """What a caller gets: MLflow's error object."""
    return (
        f'{{"error_code":{quoted_ascii(fault.code)},'
        f'"message":{quoted_ascii(fault.message)}}}'
    ).encode()
