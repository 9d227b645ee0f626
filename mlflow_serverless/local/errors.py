"""What can go wrong on this machine."""

from enum import Enum
from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError


class StateCorruptError(ServerlessError):
    """The embedded cloud's state cannot be read."""

    code = "state-corrupt"
    kind = Kind.INTERNAL

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(
            f"the embedded cloud's state in {file} cannot be read: {what}.",
            hint=f"put a copy of the file back, or start anew: move {file} (and "
            f"{file.name}-wal beside it) away and deploy again; bundles are kept.",
        )


class StateNewerError(ServerlessError):
    """The state was written by a newer release."""

    code = "state-newer"
    kind = Kind.UNSUPPORTED

    def __init__(self, file: Path, found: int, known: int) -> None:
        super().__init__(
            f"{file} has state of schema {found}; this release knows {known}.",
            hint="upgrade mlflow-serverless, or set MLFLOW_SERVERLESS_HOME elsewhere.",
        )


class StateUnreachableError(ServerlessError):
    """The state's file cannot be opened or written, or is locked for too long."""

    code = "state-unreachable"
    kind = Kind.UNAVAILABLE

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(
            f"cannot use {file}: {what}.",
            hint="see that the folder is writable and on a local disk, and that no "
            "other program holds the file; or set MLFLOW_SERVERLESS_HOME elsewhere.",
        )


class BundleMissingError(ServerlessError):
    """A function's bundle is not there."""

    code = "bundle-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, address: str) -> None:
        super().__init__(
            f"no bundle {address} is kept here.",
            hint="deploy the model again; that puts its bundle back.",
        )


class BundleDamagedError(ServerlessError):
    """A bundle's content is not what its digests say."""

    code = "bundle-damaged"
    kind = Kind.INTERNAL

    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(
            f"the bundle in {folder} is damaged: {what}.",
            hint="deploy the model again; that puts a sound bundle in its place.",
        )


class MachineBusyError(ServerlessError):
    """Every environment that this machine may run is busy, for too long."""

    code = "machine-busy"
    kind = Kind.UNAVAILABLE

    def __init__(self, name: str, limit: int, waited: float) -> None:
        super().__init__(
            f"no environment was free for {name} in {waited:.0f} s; all {limit} that "
            "run here at most are busy.",
            hint="try again, or send fewer requests at once.",
        )


class PortInUseError(ServerlessError):
    """Something else listens there."""

    code = "port-in-use"
    kind = Kind.UNAVAILABLE

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {why}.",
            hint="choose another port; 0 takes any that is free.",
        )


class NotLoopbackError(ServerlessError):
    """Nobody is asked who they are here, so only this machine is listened to."""

    code = "not-loopback"
    kind = Kind.REFUSED

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is not an address of this machine alone, and there is no "
            "authentication here.",
            hint="listen on 127.0.0.1, and put a proxy of your own before it.",
        )


class Trouble(Enum):
    """What the background process did."""

    GONE = "keeps going away"
    SILENT = "does not answer"
    STUCK = "does not stop"
    ENDED = "ended at once"
    SLOW = "was not ready in time"
    FAILED = "could not do it"


class DaemonError(ServerlessError):
    """The process that keeps the environments does not start, or does not answer."""

    code = "local-unavailable"
    kind = Kind.UNAVAILABLE

    def __init__(self, trouble: Trouble, log: Path, said: str = "") -> None:
        because = f": {said}" if said else "."
        super().__init__(
            f"the embedded cloud's background process {trouble.value}{because}",
            hint=f"run again; its log is {log}.",
        )
