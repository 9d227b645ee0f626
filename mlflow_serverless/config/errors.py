"""What can be wrong with a configuration."""

from collections.abc import Sequence
from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError


class ConfigError(ServerlessError):
    """Every mistake in one configuration, each with its key."""

    code = "bad-config"
    kind = Kind.BAD_INPUT

    def __init__(self, mistakes: Sequence[str]) -> None:
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        said = f"{count} in the configuration: {'; '.join(mistakes)}"
        super().__init__(
            said if said.endswith("?") else f"{said}.",
            hint="mlflow deployments help -t lambda lists every option.",
        )
        self.mistakes = tuple(mistakes)


class ConfigFileError(ServerlessError):
    """A file named by `config=@…` that cannot be used."""

    code = "bad-config-file"
    kind = Kind.BAD_INPUT

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(
            f"the configuration file {file} cannot be read: {why}.",
            hint="it holds a YAML or JSON mapping, such as memory_mb: 1024.",
        )
