"""What the environment says, read once."""

from __future__ import annotations

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LOGS = ("off", "emf")
"""What `MLFLOW_SERVERLESS_LOG` may say."""


class Settings(NamedTuple):
    """How this process was started."""

    runtime_api: str
    """`host:port` of the Runtime API; empty outside Lambda."""
    bundle: str
    """Folder that holds `manifest.json`."""
    scratch: str
    """Folder that may be written; it need not exist yet."""
    memory_mb: int
    """Memory of the function [MB]; it sets the number of virtual CPUs too."""
    function_name: str
    function_version: str
    initialization_type: str
    """`on-demand`, `provisioned-concurrency` or `snap-start`."""
    log: str
    """One of `LOGS`."""
    after_ms: int
    """Most time spent after one response [ms]."""
    port: int
    """Where plain HTTP listens; 0 if nobody asked."""
    host: str
    """Which address plain HTTP listens on."""
    shadow: str = ""
    """The alias whose rollouts concern this version; empty if none do."""
    watched: bool = False
    """Whether metric lines say what was predicted, and the memory that it took."""

    @property
    def warms_ahead(self) -> bool:
        """Whether nobody waits for initialisation to end."""
        return self.initialization_type in {"provisioned-concurrency", "snap-start"}


def read(environ: Mapping[str, str], *, root: str) -> Settings:
    """
    Read the settings.

    `AWS_LAMBDA_MAX_CONCURRENCY` is not among them: however many requests Lambda
    would send at once, this loop asks for one at a time.

    Args:
        environ: The process's environment.
        root: Folder that holds `lambda_runtime`; the bundle's place if unsaid.

    Raises:
        ValueError: A variable has a value it cannot have; the message names it.
    """
    log = environ.get("MLFLOW_SERVERLESS_LOG", "emf")
    if log not in LOGS:
        raise ValueError(f"MLFLOW_SERVERLESS_LOG is {log!r}; it may be off or emf")
    return Settings(
        runtime_api=environ.get("AWS_LAMBDA_RUNTIME_API", ""),
        bundle=environ.get("MLFLOW_SERVERLESS_BUNDLE") or root + "/bundle",
        scratch=environ.get("MLFLOW_SERVERLESS_SCRATCH") or "/tmp/mlflow-serverless",  # noqa: S108 - the one place Lambda lets us write
        memory_mb=_number(environ, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1769),
        function_name=environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        function_version=environ.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
        initialization_type=environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        log=log,
        after_ms=_number(environ, "MLFLOW_SERVERLESS_AFTER_MS", 2000),
        port=_number(environ, "PORT", 0),
        host=environ.get("HOST") or "0.0.0.0",  # noqa: S104 - a container's own network
        shadow=environ.get("MLFLOW_SERVERLESS_SHADOW", ""),
        watched=environ.get("MLFLOW_SERVERLESS_WATCH") == "1",
    )


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal():
        raise ValueError(f"{name} is {text!r}; a whole number is expected")
    return int(text)
