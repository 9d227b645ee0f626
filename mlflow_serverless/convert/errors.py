"""Why a model cannot be converted."""

from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError


class UnsupportedFlavorError(ServerlessError):
    """A flavour that has no converter here."""

    code = "unsupported-flavor"
    kind = Kind.UNSUPPORTED

    def __init__(self, flavor: str, supported: dict[str, str]) -> None:
        known = ", ".join(sorted(supported))
        super().__init__(
            f"MLflow flavour {flavor!r} cannot be converted; these can: {known}.",
            hint="log the model with one of them; each needs its extra, for example "
            f"pip install 'mlflow-serverless[{supported[min(supported)]}]'.",
        )
        self.flavor = flavor


class MissingFrameworkError(ServerlessError):
    """The library that made the model is not installed here."""

    code = "missing-framework"
    kind = Kind.BAD_INPUT

    def __init__(self, flavor: str, module: str, extra: str) -> None:
        super().__init__(
            f"the {flavor} model needs the module {module!r}, which is not installed.",
            hint=f"pip install 'mlflow-serverless[{extra}]', or the model's own "
            "requirements.",
        )
        self.flavor, self.module, self.extra = flavor, module, extra


class MalformedModelError(ServerlessError):
    """The model's folder is not what its MLmodel says."""

    code = "malformed-model"
    kind = Kind.BAD_INPUT

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"the model in {folder} cannot be read: {why}.",
            hint="log the model again; see its MLmodel file for what is expected.",
        )
        self.folder = folder


class UntrustedTypesError(ServerlessError):
    """The skops file holds types that nobody has declared safe."""

    code = "untrusted-types"
    kind = Kind.REFUSED

    def __init__(self, file: Path, types: list[str]) -> None:
        super().__init__(
            f"{file.name} holds {len(types)} untrusted types, so it was not loaded: "
            f"{', '.join(types)}.",
            hint="if they are yours, log the model with "
            f"skops_trusted_types={types!r}.",
        )
        self.types = types


class UnloadableModelError(ServerlessError):
    """The framework could not load the model's file."""

    code = "unloadable-model"
    kind = Kind.BAD_INPUT

    def __init__(self, file: Path, cause: BaseException, versions: str) -> None:
        super().__init__(
            f"{file.name} does not load here ({versions}): "
            f"{type(cause).__name__}: {_first_line(cause)}",
            hint="install the model's own requirements (requirements.txt in its "
            "folder), and its custom code if it has some.",
        )
        self.file = file


class CodeMissingError(UnloadableModelError):
    """The model's file names code that was not logged with it."""

    code = "code-missing"

    def __init__(self, file: Path, cause: BaseException, versions: str) -> None:
        super().__init__(file, cause, versions)
        self.hint = (
            "log the model again with its own modules, code_paths=[...] (what is "
            "defined in a notebook or script has to move to a module), or install the "
            "library that it comes from."
        )


class NoConversionError(ServerlessError):
    """An estimator whose computation we cannot put into a graph."""

    code = "no-conversion"
    kind = Kind.REFUSED

    def __init__(self, why: str, *, of: object = "the model") -> None:
        estimator = of if isinstance(of, str) else type(of).__name__
        super().__init__(
            f"{estimator} cannot become an ONNX graph: {why}.",
            hint="serve it with engine=native.",
        )
        self.estimator, self.why = estimator, why


def _first_line(cause: BaseException) -> str:
    text = str(cause).strip() or "no message"
    return text.splitlines()[0][:300]
