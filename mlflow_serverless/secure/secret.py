"""Whether a variable holds a secret that everybody who may look could read."""

import math
import re
from collections import Counter

_NAMES = re.compile(
    r"(?<![a-z])(password|passwd|pwd|secret|token|api_?key|private_?key|"
    r"access_?key|credentials?|auth)(?![a-z])",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VALUES = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS access keys
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\."  # JSON web tokens
    r"|\bgh[opsu]_\w{30,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{20,}|\bdapi[0-9a-f]{32}\b"
    r"|://[^/\s:@]+:[^/\s:@]+@"  # user:password@host
)
_HARMLESS = re.compile(
    r"arn:\S+|\{\{resolve:\S+\}\}|true|false|none|-?[\d.]+|[\w.-]{0,7}", re.IGNORECASE
)
"""Names of secrets, switches, numbers, and what is too short to be one."""
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_BITS = 4.2
_HEX_BITS = 3.3
"""Entropy beyond which a text is drawn, not written [bits a character]: random base64
of 24 characters has about 4.3, random hex at most 4; names and paths have less."""


def looks_secret(name: str, value: str) -> str:
    """Why the variable seems to hold a secret; empty if it does not."""
    if _VALUES.search(value):
        return "its value has the form of a key or a password"
    if _HARMLESS.fullmatch(value):
        return ""
    if _NAMES.search(_HUMP.sub("_", name)):
        return "it is named like one"
    if _OPAQUE.fullmatch(value) and any(map(str.isdigit, value)):
        least = _HEX_BITS if _HEX.fullmatch(value) else _BITS
        if entropy(value) >= least:
            return "its value looks drawn at random"
    return ""


def entropy(text: str) -> float:
    """Shannon's, of the characters [bits]."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
