"""What of an installed distribution is never read while serving."""

from pathlib import Path, PurePosixPath

from mlflow_serverless.build.errors import LibraryMissingError
from mlflow_serverless.build.needs import Needs

_TESTED = frozenset({
    "numpy", "scipy", "sklearn", "pandas", "pyarrow", "joblib", "statsmodels",
    "matplotlib", "networkx", "sympy", "narwhals", "skops", "lightgbm", "xgboost",
})  # fmt: skip
"""Packages whose `tests` folders nothing else imports."""

_SUFFIXES = frozenset({".pyi", ".pyx", ".pxd", ".h", ".hpp", ".a", ".f90", ".pyc"})
_RECORDS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock",
                      "uv_cache.json", "uv_build.json"})  # fmt: skip
"""They tell of this installation, not of what was installed."""

_ORT_TOOLS = frozenset({"transformers", "quantization", "tools", "datasets", "backend"})
_NOTICES = ("LICENSE", "ThirdPartyNotices.txt", "Privacy.md")


def keep(path: PurePosixPath, needs: Needs) -> bool:
    """Whether the file at *path* of site-packages goes into the image."""
    parts = path.parts
    if parts[0] == "bin" or path.name in _RECORDS or path.suffix in _SUFFIXES:
        return False
    if parts[0] in _TESTED and "tests" in parts[1:-1]:
        return False
    if parts[0] != "onnxruntime":
        return True
    if needs.keep == "library":
        return path.name in _NOTICES
    # The wheel ships the library twice; its Python module is not linked with this one.
    tool = len(parts) > 1 and parts[1] in _ORT_TOOLS
    return not tool and not path.name.startswith("libonnxruntime.so")


def trim(site: Path, needs: Needs) -> None:
    """
    Take away what is not read; the engine's library goes to `lib/`.

    Raises:
        LibraryMissingError: The wheel brings none.
    """
    if needs.keep == "library":
        found = sorted((site / "onnxruntime" / "capi").glob("libonnxruntime.so.*"))
        if not found:
            raise LibraryMissingError(needs.requirements[0])
        (site / "lib").mkdir()
        found[-1].rename(site / "lib" / "libonnxruntime.so")
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not keep(PurePosixPath(path.relative_to(site).as_posix()), needs):
            path.unlink()
