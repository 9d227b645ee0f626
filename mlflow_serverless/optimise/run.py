"""The room's verb: a conversion to the forms that are served."""

from dataclasses import replace
from pathlib import Path

import onnx

from lambda_runtime.manifest import Variant
from mlflow_serverless.convert import Conversion, OnnxGraph
from mlflow_serverless.optimise import clean, estimate, external, measure
from mlflow_serverless.optimise.artefact import Artefact

PREPACK_PAYS_FROM_BYTES = 10 << 20
"""Dense weights from which laying them out costs more than a first request should."""


def optimise(conversion: Conversion, folder: Path) -> tuple[Artefact, ...]:
    """
    Forms of *conversion* in *folder*, the one that serves first leading.

    A forest with a twin is served by the twin until the tree operators are built. Large
    dense weights are served as they lie in the file until they are laid out for speed.
    All others are served by one form. No step may change an answer; `verify` proves it
    on what comes out here.
    """
    if conversion.twins:
        firsts = [
            _form(twin, folder, "gather" if i == 0 else f"gather-{i}", use="first")
            for i, twin in enumerate(conversion.twins)
        ]
        return (*firsts, _form(conversion.graph, folder, "portable", use="steady"))
    only = _form(conversion.graph, folder, "portable", use="always")
    return _by_layout(only) if _is_dense(only) else (only,)


def _form(graph: OnnxGraph, folder: Path, name: str, *, use: str) -> Artefact:
    before = _size(graph.file)
    proto, slim = clean.slimmed(onnx.load(graph.file))
    proto = clean.optimised(proto)
    steps = ["onnxslim"] * slim + ["onnxruntime-extended"]
    file = folder / f"{name}.onnx"
    needs: tuple[str, ...] = ()
    if external.constant_bytes(proto) >= external.FROM_BYTES:
        needs = (f"{name}.data",)
        external.move_out(proto, folder / f"{name}.data")
        steps.append("external-data")
    file.write_bytes(proto.SerializeToString(deterministic=True))
    variant = Variant(
        name=name,
        file=file.name,
        needs=needs,
        use=use,
        optimised=True,
        load_ms=estimate.load_ms(proto),
        run_us=estimate.run_us(proto),
    )
    return Artefact(
        variant=variant,
        graph=replace(graph, file=file),
        bytes=sum((folder / part).stat().st_size for part in (file.name, *needs)),
        before_bytes=before,
        steps=tuple(steps),
        load_ms=measure.load_ms(file),
        run_us=measure.run_us(file, graph.inputs),
    )


def _size(file: Path) -> int:
    """A graph's file and its external data."""
    beside = {
        entry.value
        for tensor in onnx.load(file, load_external_data=False).graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return sum(
        path.stat().st_size for path in (file, *(file.parent / b for b in beside))
    )


def _is_dense(form: Artefact) -> bool:
    heavy = form.bytes >= PREPACK_PAYS_FROM_BYTES
    return heavy and "external-data" in form.steps


def _by_layout(form: Artefact) -> tuple[Artefact, Artefact]:
    """The same file twice: first as it lies, then laid out."""
    file = form.graph.file
    proto = onnx.load(file, load_external_data=False)
    quick = form.variant._replace(
        name="mapped", use="first", prepack=False,
        load_ms=estimate.load_ms(proto, prepack=False),
    )  # fmt: skip
    return (
        replace(form, variant=quick, load_ms=measure.load_ms(file, prepack=False)),
        replace(form, variant=form.variant._replace(use="steady")),
    )
