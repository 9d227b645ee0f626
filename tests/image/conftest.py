"""What image tests need, or the reason why they cannot run."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.image.containers import base_image, build, docker


@pytest.fixture(scope="session")
def engine():
    """A Docker engine that answers."""
    if not shutil.which("docker"):
        pytest.skip("no docker command (apt-get install docker.io)")
    try:
        return docker("version", "-f", "{{.Server.Version}}", timeout_s=20)
    except (RuntimeError, subprocess.TimeoutExpired) as cause:
        pytest.skip(f"no Docker engine answers: {cause}")


@pytest.fixture(scope="session")
def rie(request):
    """Lambda's runtime interface emulator, out of the SAM CLI's wheel."""
    folder = request.config.cache.mkdir("rie")
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    binary = folder / f"aws-lambda-rie-{machine}"
    if not binary.exists():
        _download(folder, binary.name)
    return binary.resolve()


def _download(folder, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder),
         "aws-sam-cli"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(
            f"no emulator: pip cannot download aws-sam-cli: {done.stderr[-300:]}"
        )
    (wheel,) = folder.glob("aws_sam_cli-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(f"samcli/local/rapid/{name}")
    wheel.unlink()
    binary = folder / name
    binary.write_bytes(content)
    binary.chmod(0o755)


@pytest.fixture(scope="session")
def image(engine, tmp_path_factory):
    """The function's image, on a base made from Debian packages."""
    base_image()
    return build(tmp_path_factory.mktemp("image"))
