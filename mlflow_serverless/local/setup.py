"""How the background process is to run; another setup means another process."""

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import lambda_runtime
from lambda_runtime.version import __version__

RUNTIME = Path(lambda_runtime.__file__).parent / "__main__.py"
"""What environments run: the real runtime."""


def _environments() -> int:
    return max(8, 2 * (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the background process is started with."""

    runtime: Path = RUNTIME
    idle_s: float = 600.0
    """After this long without a request the background process stops [s]."""
    environment_idle_s: float = 300.0
    """After this long without a request an environment stops [s]."""
    environments: int = field(default_factory=_environments)
    """Most at once on this machine; requests beyond wait for a free one."""
    patience_s: float = 60.0
    """How long they wait [s]."""

    def to_json(self) -> str:
        """
        As text that fits an argument; `from_json` is the way back.

        Equal setups give equal texts: 60 and 60.0 are the same time.
        """
        values = {
            name: float(value) if name.endswith("_s") else value
            for name, value in asdict(self).items()
        }
        return json.dumps({**values, "runtime": str(self.runtime)})

    @classmethod
    def from_json(cls, text: str) -> "Setup":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(
            runtime=Path(values["runtime"]),
            idle_s=float(values["idle_s"]),
            environment_idle_s=float(values["environment_idle_s"]),
            environments=int(values["environments"]),
            patience_s=float(values["patience_s"]),
        )

    def fingerprint(self) -> str:
        """Differs for another release, interpreter or setup."""
        text = f"{__version__}\n{sys.executable}\n{self.to_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
