"""Container images for the cold-start comparison: one per way of serving."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"
BASE = "mlflow-serverless/bench-base:latest"
TAG = "mlflow-serverless/bench"
LABEL = "mlflow-serverless.bench"
RIE = "usr/local/bin/aws-lambda-rie"


@dataclass(frozen=True, slots=True)
class Peer:
    """One way of serving a model from a container."""

    name: str
    folder: str
    packages: tuple[str, ...]
    model: str = ""
    """What it loads, in the folder of `cases.lay_out`."""
    command: tuple[str, ...] = (
        "/usr/bin/python3",
        "-m",
        "awslambdaric",
        "handler.handle",
    )
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """More packages, by the library that a model is of; without any it serves all."""

    def serves(self, library: str) -> bool:
        """Whether models of *library* can be served this way."""
        return not self.beside or library in self.beside

    def needs(self, library: str) -> tuple[str, ...]:
        """Packages of the image that serves models of *library*."""
        return (*self.packages, *self.beside.get(library, ()))

    def tag(self, library: str) -> str:
        """The image that serves models of *library*."""
        more = f"-{library}" if self.beside.get(library) else ""
        return f"{TAG}-{self.folder}{more}"


_XGBOOST = {"sklearn": (), "xgboost": ("xgboost-cpu",)}
PEERS_BY_NAME = {
    peer.name: peer
    for peer in (
        Peer("empty loop", "empty", (), "", ("/usr/bin/python3", "-I", "-S", "/var/task/bootstrap.py")),
        Peer("slim python-onnxruntime", "slim", ("numpy", "onnxruntime", "awslambdaric"), "model.onnx"),
        Peer("textbook ONNX handler", "textbook", ("numpy", "onnxruntime", "awslambdaric", "boto3"), "model.onnx"),
        Peer("scikit-learn + joblib", "joblib", ("scikit-learn", "awslambdaric"), "model.joblib", beside=_XGBOOST),
        Peer("mlflow.pyfunc", "pyfunc", ("mlflow", "scikit-learn", "skops", "awslambdaric"), "mlflow", beside={**_XGBOOST, "onnx": ("onnx", "onnxruntime")}),
    )
}  # fmt: skip


def build_base() -> None:
    """A Lambda-like base image from Debian packages, if it is not there yet."""
    seen = _docker("images", "-q", BASE)
    if not seen:
        subprocess.run(
            ["sh", "scripts/base_image.sh", BASE, "bookworm"], cwd=ROOT, check=True
        )


def build(
    tag: str, tree: Path, command: tuple[str, ...], environment: dict[str, str],
    digest: str,
) -> None:  # fmt: skip
    """An image of *tree* over the base, started under the emulator."""
    lines = [f"FROM {BASE}", "COPY tree/ /", f"LABEL {LABEL}={digest}"]
    lines += [f"ENV {name}={value}" for name, value in environment.items()]
    entry = ", ".join(f'"{word}"' for word in (f"/{RIE}", *command))
    lines.append(f"ENTRYPOINT [{entry}]")
    (tree.parent / "Dockerfile").write_text("\n".join(lines) + "\n")
    _docker("build", "-q", "-t", tag, str(tree.parent))


def is_there(tag: str, digest: str) -> bool:
    """Whether *tag* was made of what *digest* names."""
    return bool(_docker("images", "-q", tag)) and digest == label(tag)


def label(tag: str) -> str:
    """What the image was made of, as a digest."""
    form = f'{{{{index .Config.Labels "{LABEL}"}}}}'
    return _docker("image", "inspect", "-f", form, tag)


def build_peer(peer: Peer, library: str) -> str:
    """The tag of a peer's image; one made of the same parts before is kept."""
    tag, digest = peer.tag(library), _digest(peer, library)
    if not is_there(tag, digest):
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            environment = peer_tree(peer, library, tree)
            build(tag, tree, peer.command, environment, digest)
    return tag


def _digest(peer: Peer, library: str) -> str:
    """Of all that a peer's image is made of."""
    parts = [repr(peer), *_pinned(peer.needs(library)), _docker("images", "-q", BASE)]
    parts += [path.read_text() for path in sorted((PEERS / peer.folder).glob("*.py"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def peer_tree(peer: Peer, library: str, folder: Path) -> dict[str, str]:
    """Lay out a peer's image under *folder*, without a model; its environment."""
    task = folder / "var/task"
    shutil.copytree(PEERS / peer.folder, task)
    install_emulator(folder)
    if peer.packages:
        install(peer.needs(library), task)
    return {"MODEL": f"/opt/ml/{peer.model}"} if peer.model else {}


def install(packages: tuple[str, ...], target: Path) -> None:
    """Install *packages*, at the versions that run here, with bytecode."""
    pinned = _pinned(packages)
    uv = Path(sys.executable).parent / "uv"
    subprocess.run(
        [uv, "pip", "install", "-q", "--target", target, "--compile-bytecode", *pinned],
        check=True,
        env=None,
    )


def _pinned(packages: tuple[str, ...]) -> list[str]:
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in packages]


def install_emulator(folder: Path) -> None:
    """Put AWS's runtime interface emulator into the tree."""
    target = folder / RIE
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(emulator(), target)
    target.chmod(0o755)


def emulator() -> Path:
    """The emulator's binary, from the aws-sam-cli wheel."""
    kept = Path(tempfile.gettempdir()) / "mlflow-serverless-rie"
    if kept.exists():
        return kept
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
             "aws-sam-cli"],
            check=True,
        )  # fmt: skip
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            name = next(
                n for n in archive.namelist() if n.endswith("aws-lambda-rie-x86_64")
            )
            kept.write_bytes(archive.read(name))
    kept.chmod(0o755)
    return kept


def _docker(*words: str) -> str:
    done = subprocess.run(
        ["docker", *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
