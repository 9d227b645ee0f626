"""Which Python runs a bundle, and where it finds installed packages."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_ENVIRONMENTS = Path("work") / "environment"
"""Under the home folder: where `mlflow_serverless.environment` keeps what it makes."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, and folders of packages for an engine that needs some."""

    python: str
    site: tuple[str, ...] = ()

    def variables(self) -> dict[str, str]:
        """What the runtime is told of it."""
        if not self.site:
            return {}
        return {"MLFLOW_SERVERLESS_SITE": os.pathsep.join(self.site)}


def interpreter_for(bundle: Path) -> Interpreter:
    """
    What runs *bundle*: a native one finds our packages, or its own environment's.

    Args:
        bundle: `HOME/bundles/DIGEST`; anything unreadable is the runtime's to report.
    """
    try:
        manifest = json.loads((bundle / "manifest.json").read_bytes())
        native = manifest["engine"]["kind"] == "native"
        key = str(manifest["options"]["native"]["environment"]) if native else ""
    except (OSError, ValueError, KeyError, TypeError):
        return Interpreter(sys.executable)
    if not native:
        return Interpreter(sys.executable)
    if not key:
        return Interpreter(sys.executable, _our_site())
    folder = bundle.parent.parent / _ENVIRONMENTS / Path(key).name / "venv"
    found = sorted(folder.glob("lib/python*/site-packages"))
    if not found:
        # Other versions might answer otherwise: the runtime is to say what is missing.
        return Interpreter(sys.executable, (str(folder),))
    return Interpreter(str(folder / "bin" / "python"), tuple(map(str, found)))


def _our_site() -> tuple[str, ...]:
    kinds = ("site-packages", "dist-packages")
    return tuple(p for p in sys.path if Path(p).name in kinds and Path(p).is_dir())
