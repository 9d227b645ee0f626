"""Manifests and sessions for serving, without an engine."""

import pytest

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import (
    Answer,
    Engine,
    File,
    Manifest,
    Model,
    Signature,
    Tensor,
    Variant,
)
from lambda_runtime.tensor import Value

X = Tensor("x", "float32", (None, 2))
Y = Tensor("y", "float32", (None, 1))


class FakeSession:
    """Answers with its variant's name; counts what is done to it."""

    def __init__(self, variant, threads, outputs=(Y,)) -> None:
        self.variant, self.threads = variant, threads
        self.inputs, self.outputs = (X,), outputs
        self.runs, self.closed = [], 0

    def run(self, inputs, outputs):
        assert not self.closed, "a closed session was run"
        self.runs.append(inputs)
        return {name: Value("string", (1,), [self.variant.name]) for name in outputs}

    def close(self) -> None:
        self.closed += 1


class FakeEngine:
    """Opens fake sessions; refuses the variants named in `refused`."""

    def __init__(self) -> None:
        self.opened, self.refused, self.fails_with = [], set(), None
        self.outputs = (Y,)

    def open(self, kind, path, variant, threads):
        if variant.name in self.refused:
            raise self.fails_with or BrokenBundle("graph-refused", f"no {path}")
        session = FakeSession(variant, threads, self.outputs)
        self.opened.append(session)
        return session


class FakeFiles:
    """Where files lie; those in `lost` are nowhere."""

    def __init__(self) -> None:
        self.asked, self.lost = [], set()

    def path_of(self, file):
        self.asked.append(file.path)
        if file.path in self.lost:
            code = "model-unavailable"
            raise BrokenBundle(code, f"no tier has {file.path}")
        return f"/bundle/{file.path}"


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def files():
    return FakeFiles()


@pytest.fixture
def manifest_of():
    def make(*variants: Variant, inputs=(X,), outputs=(Y,)) -> Manifest:
        paths = {path for one in variants for path in (one.file, *one.needs)}
        return Manifest(
            model=Model("models:/m/1"),
            engine=Engine("ort-c"),
            inputs=inputs,
            outputs=outputs,
            variants=variants,
            signature=Signature(),
            feeds=(),
            answer=Answer(),
            files=tuple(File(path, "0" * 64, 1000) for path in sorted(paths)),
        )

    return make


@pytest.fixture
def first():
    return Variant("quick", "quick.onnx", use="first", prepack=False)


@pytest.fixture
def steady():
    return Variant("fast", "fast.onnx", use="steady", load_ms=50.0)
