"""Does what is installed here match what the model was made with? Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_PIN = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:===?\s*([^\s;,]+))?"
)

MINOR, MAJOR = 2, 1
"""How many parts of a version have to agree."""

MATTERS = {
    "scikit-learn": MINOR, "xgboost": MINOR, "lightgbm": MINOR, "catboost": MINOR,
    "statsmodels": MINOR, "torch": MINOR, "tensorflow": MINOR, "keras": MINOR,
    "transformers": MINOR, "sentence-transformers": MINOR, "prophet": MINOR,
    "numpy": MAJOR, "pandas": MAJOR, "cloudpickle": MAJOR,
}  # fmt: skip
"""Libraries whose versions change what a model file means, and what it answers."""

_ALIKE = {"xgboost-cpu": "xgboost", "tensorflow-cpu": "tensorflow"}
"""Other distributions of the same library."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One library that is not as the model recorded it."""

    library: str
    wanted: str
    have: str
    """Empty if it is not installed."""

    def __str__(self) -> str:
        have = self.have or "none"
        return f"{self.library} {self.wanted or 'any'} (here: {have})"


def differences(
    requirements: Iterable[str], installed: Callable[[str], str | None]
) -> tuple[Difference, ...]:
    """
    Libraries that matter, and are not here as *requirements* record them.

    Args:
        requirements: Lines of the model's requirements.txt.
        installed: The version of a distribution here; None if there is none.
    """
    found = []
    for name, wanted in pins(requirements):
        parts = MATTERS.get(name)
        if parts is None:
            continue
        have = _installed(name, installed)
        if have is None or (wanted and not _agree(wanted, have, parts)):
            found.append(Difference(name, wanted, have or ""))
    return tuple(found)


def pins(requirements: Iterable[str]) -> list[tuple[str, str]]:
    """(library, version) of each line; the version is empty where none is pinned."""
    found = (_PIN.match(line.strip()) for line in requirements)
    return [(_name(m.group(1)), m.group(2) or "") for m in found if m]


def _name(name: str) -> str:
    plain = re.sub(r"[-_.]+", "-", name).lower()
    return _ALIKE.get(plain, plain)


def _installed(name: str, installed: Callable[[str], str | None]) -> str | None:
    names = (name, *(other for other, same in _ALIKE.items() if same == name))
    return next((v for n in names if (v := installed(n)) is not None), None)


def _agree(wanted: str, have: str, parts: int) -> bool:
    return _parts(wanted)[:parts] == _parts(have)[:parts]


def _parts(version: str) -> list[str]:
    plain = version.split("+", 1)[0].replace("*", "")
    return [*plain.rstrip(".").split("."), "0", "0"]
