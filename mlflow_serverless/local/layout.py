"""Where everything is under the embedded cloud's root."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths only; nothing is made by naming them."""

    root: Path

    @property
    def state(self) -> Path:
        """What is deployed."""
        return self.root / "state.db"

    @property
    def journal(self) -> Path:
        """What functions have said."""
        return self.root / "log.db"

    @property
    def scratch(self) -> Path:
        """Each environment's stand-in for /tmp."""
        return self.root / "scratch"

    @property
    def lock(self) -> Path:
        """Held by the background process for as long as it lives."""
        return self.root / "daemon" / "lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is starting the background process."""
        return self.root / "daemon" / "start.lock"

    @property
    def endpoint(self) -> Path:
        """Where the background process listens, and the token it asks for."""
        return self.root / "daemon" / "endpoint.json"

    @property
    def daemon_log(self) -> Path:
        """What the background process itself has to say."""
        return self.root / "daemon" / "daemon.log"

    def bundle(self, address: str) -> Path:
        """The folder of the bundle at *address* (`sha256:…`)."""
        return self.root / "bundles" / address.removeprefix("sha256:")

    def prepare(self) -> None:
        """Make the folders, for this user's eyes only."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock.parent.mkdir(exist_ok=True, mode=0o700)
