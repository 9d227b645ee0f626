"""Why an image cannot be made."""

from collections.abc import Sequence

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.wording import amount

_AWS_BASE = "public.ecr.aws/lambda/python:3.12"
_INTERPRETER = "name one of this machine: -C image.interpreter=$(uv python find {0})"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


class BaseTooOldError(ServerlessError):
    """Its C library is older than what wheels are built for."""

    code = "base-too-old"
    kind = Kind.REFUSED

    def __init__(
        self, base: str, glibc: tuple[int, int], least: tuple[int, int]
    ) -> None:
        super().__init__(
            f"{base} has glibc {_dotted(glibc)}; current wheels need {_dotted(least)}.",
            hint="use a base of Python 3.12 or newer (Amazon Linux 2023): "
            f"-C image.base_image={_AWS_BASE}.",
        )


class BaseUnsuitableError(ServerlessError):
    """Not an image that Lambda or our runtime can start from."""

    code = "base-unsuitable"
    kind = Kind.REFUSED

    def __init__(self, base: str, why: str) -> None:
        super().__init__(
            f"{base} cannot be the base: {why}.",
            hint=f"use -C image.base_image={_AWS_BASE}.",
        )


class BaseArchitectureError(ServerlessError):
    """The base is not to be had for the architecture."""

    code = "base-architecture"
    kind = Kind.REFUSED

    def __init__(self, base: str, wanted: str, have: Sequence[str]) -> None:
        super().__init__(
            f"{base} is for {', '.join(have) or 'nothing'}, not for {wanted}.",
            hint=f"use -C image.architecture={have[0]}, or another base."
            if have
            else "set another image.base_image.",
        )


class BasePythonError(ServerlessError):
    """The base has another Python than was asked for."""

    code = "base-python"
    kind = Kind.REFUSED

    def __init__(self, base: str, has: str, wanted: str) -> None:
        super().__init__(
            f"{base} has Python {has}, and {wanted} was asked for.",
            hint=f"use -C image.base_image=public.ecr.aws/lambda/python:{wanted}, or "
            f"-C image.python_version={has}.",
        )


class CompilerMissingError(ServerlessError):
    """Nothing here can make the base's bytecode."""

    code = "compiler-missing"
    kind = Kind.REFUSED

    def __init__(self, python: str, why: str) -> None:
        super().__init__(
            f"no Python {python} compiles the image's bytecode: {why}. Without "
            "bytecode every cold start would compile it again, on a read-only disk.",
            hint=_INTERPRETER.format(python),
        )


class CompilerFailedError(ServerlessError):
    """It was started, and did not do it."""

    code = "compiler-failed"
    kind = Kind.INTERNAL

    def __init__(self, python: str, why: str) -> None:
        super().__init__(
            f"Python {python} of the base image failed here: {why}",
            hint=_INTERPRETER.format(python),
        )


class DependenciesError(ServerlessError):
    """No set of wheels meets what the image needs."""

    code = "dependencies-unresolvable"
    kind = Kind.BAD_INPUT

    def __init__(self, requirement: str, platform: str, python: str, why: str) -> None:
        what = repr(requirement) if requirement else "what the image needs"
        super().__init__(
            f"{what} cannot be had for Python {python} on {platform}: {why}",
            hint="only wheels are taken. Choose another version of it, or another base "
            "(its Python and its glibc decide which wheels fit).",
        )


class RequirementsMissingError(ServerlessError):
    """A native bundle that does not say what its model needs."""

    code = "native-requirements-missing"
    kind = Kind.BAD_INPUT

    def __init__(self, model: str, names: Sequence[str]) -> None:
        super().__init__(
            f"{model} is served by its own library, and nothing says which versions "
            f"of {', '.join(names)} it was proved with.",
            hint="name a file that says: -C image.requirements=FILE.",
        )


class UnreadableListError(ServerlessError):
    """A file of requirements that was named is no such file."""

    code = "requirements-unreadable"
    kind = Kind.BAD_INPUT

    def __init__(self, option: str, file: str, why: str) -> None:
        super().__init__(
            f"{file} cannot be read: {why}.",
            hint=f"name a file of requirements with {option}, or leave it out.",
        )


class WrongArchitectureError(ServerlessError):
    """A native library for another processor."""

    code = "library-architecture"
    kind = Kind.REFUSED

    def __init__(self, file: str, has: str, wanted: str) -> None:
        super().__init__(
            f"{file} is built for {has}, and the function runs on {wanted}.",
            hint="use the other -C image.architecture=, or a wheel built for this one.",
        )


class GlibcError(ServerlessError):
    """A native library that needs a newer C library than the base has."""

    code = "library-glibc"
    kind = Kind.REFUSED

    def __init__(
        self, file: str, needs: tuple[int, ...], base: str, has: tuple[int, ...]
    ) -> None:
        super().__init__(
            f"{file} needs glibc {_dotted(needs)}; {base} has {_dotted(has)}.",
            hint="take an older release of that library, or a newer base.",
        )


class ImageTooLargeError(ServerlessError):
    """More than Lambda unpacks."""

    code = "image-too-large"
    kind = Kind.REFUSED

    def __init__(
        self, total: int, limit: int, layers: Sequence[tuple[str, int]]
    ) -> None:
        parts = ", ".join(f"{name} {amount(size)}" for name, size in layers)
        super().__init__(
            f"the image has {total / 2**30:.1f} GiB unpacked ({parts}); Lambda takes "
            f"{limit / 2**30:.0f} GiB.",
            hint="keep the model out of the image (-C image.model_store=own), or serve "
            "it as a graph: -C engine=onnx needs 30 MB of libraries.",
        )


class LibraryMissingError(ServerlessError):
    """A wheel without what we take it for."""

    code = "engine-library-missing"
    kind = Kind.UNSUPPORTED

    def __init__(self, wheel: str) -> None:
        super().__init__(
            f"the wheel of {wheel} holds no libonnxruntime.so.",
            hint="use onnxruntime 1.23 or newer.",
        )


class EngineError(ServerlessError):
    """The Docker engine is not there, or refuses."""

    code = "docker-engine"
    kind = Kind.UNAVAILABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the Docker engine cannot build: {why}",
            hint="start it, or build without one: -C image.builder=direct.",
        )


class LayerDiffersError(ServerlessError):
    """The engine made something else of a layer than was put into it."""

    code = "docker-layer-differs"
    kind = Kind.INTERNAL

    def __init__(self, layer: str, where: str) -> None:
        super().__init__(
            f"the Docker engine's {layer} layer is not what was given to it: {where}.",
            hint="build without an engine: -C image.builder=direct.",
        )
