"""Wheels for a platform that is not this one: resolved, locked, laid out, by uv."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlflow_serverless.build.errors import DependenciesError
from mlflow_serverless.build.needs import Needs
from mlflow_serverless.environment.uv import culprit, find_uv, reason

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)", re.MULTILINE)
_WARNING = re.compile(r"^warning:.*$", re.MULTILINE)


def lock(needs: Needs, folder: Path, *, platform: str, python: str) -> str:
    """
    Names, versions and hashes of all that *needs* comes to.

    Args:
        needs: What to resolve.
        folder: Empty; working files go there.
        platform: As uv names it: `x86_64-manylinux_2_34`.
        python: `3.12`.

    Raises:
        DependenciesError: There is no such set of wheels; names the culprit.
    """
    asked, limits = folder / "requirements.in", folder / "constraints.txt"
    asked.write_text("\n".join(needs.requirements) + "\n")
    limits.write_text("\n".join(needs.constraints) + "\n")
    follow = () if needs.follow == "all" else ("--no-deps",)
    return _uv(
        ("pip", "compile", str(asked), "--constraints", str(limits), *follow,
         "--generate-hashes", "--no-header", "--no-annotate",
         *_target(platform, python)),
        needs.requirements, platform=platform, python=python,
    )  # fmt: skip


def install(
    lock_text: str, site: Path, folder: Path, *, platform: str, python: str
) -> None:
    """
    Lay out exactly what *lock_text* says in *site*; every wheel by its hash.

    Raises:
        DependenciesError: A wheel is gone, or is not what it was.
    """
    listed = folder / "requirements.lock"
    listed.write_text(lock_text)
    names = [f"{name}=={version}" for name, version in pins(lock_text)]
    _uv(
        ("pip", "install", "--target", str(site), "--no-deps", "--require-hashes",
         "--requirement", str(listed), *_target(platform, python)),
        names, platform=platform, python=python,
    )  # fmt: skip


def pins(lock_text: str) -> tuple[tuple[str, str], ...]:
    """Name and version of everything in a lock, in order of names."""
    return tuple(sorted(_PIN.findall(lock_text)))


def _target(platform: str, python: str) -> tuple[str, ...]:
    return (
        "--python-platform", platform, "--python-version", python,
        "--only-binary", ":all:",
    )  # fmt: skip


def _uv(
    arguments: Sequence[str], asked: Sequence[str], *, platform: str, python: str
) -> str:
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    # Bytecode is the toolchain's to make, and the machine's settings are not for us.
    environment |= {"UV_COMPILE_BYTECODE": "0", "NO_COLOR": "1"}
    done = subprocess.run(
        (find_uv(), *arguments), env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        said = _WARNING.sub("", done.stderr)
        raise DependenciesError(
            culprit(said, list(asked)), platform, python, reason(said)
        )
    return done.stdout
