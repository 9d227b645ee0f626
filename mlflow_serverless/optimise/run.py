"""The room's verb: a conversion to the forms that are served."""

from dataclasses import replace
from pathlib import Path

import onnx

from lambda_runtime.manifest import Variant
from mlflow_serverless.convert import Conversion, OnnxGraph
from mlflow_serverless.optimise import clean, estimate, external, measure, quantise
from mlflow_serverless.optimise.artefact import Artefact, Cost
from mlflow_serverless.optimise.calibration import calibration_rows
from mlflow_serverless.optimise.options import OptimiseOptions

PREPACK_PAYS_FROM_BYTES = 10 << 20
"""Dense weights from which laying them out costs more than a first request should."""


def optimise(
    conversion: Conversion, folder: Path, options: OptimiseOptions | None = None
) -> tuple[Artefact, ...]:
    """
    Forms of *conversion* in *folder*, the one that serves first leading.

    A forest with a twin is served by the twin until the tree operators are built. Large
    dense weights are served as they lie in the file until they are laid out for speed.
    All others are served by one form. No step but the precision, if one is asked for,
    may change an answer; `verify` proves it on what comes out here.

    Raises:
        NothingToQuantiseError: A precision is asked for that changes nothing.
        QuantisationError, BadCalibrationError: It cannot be reached.
    """
    chosen = options or OptimiseOptions()
    if conversion.twins and chosen.quick and chosen.precision == "exact":
        firsts = [
            _form(twin, folder, "gather" if i == 0 else f"gather-{i}", "first", chosen)
            for i, twin in enumerate(conversion.twins)
        ]
        steady = _form(conversion.graph, folder, "portable", "steady", chosen)
        return (*firsts, steady)
    name = "portable" if chosen.precision == "exact" else chosen.precision
    only = _form(conversion.graph, folder, name, "always", chosen)
    lays_out = chosen.quick and chosen.precision != "float16" and _is_dense(only)
    return _by_layout(only) if lays_out else (only,)


def _form(
    graph: OnnxGraph, folder: Path, name: str, use: str, options: OptimiseOptions
) -> Artefact:
    before = _size(graph.file)
    proto, steps = _cleaned(graph, options)
    file = folder / f"{name}.onnx"
    needs: tuple[str, ...] = ()
    if options.external and external.constant_bytes(proto) >= external.FROM_BYTES:
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
        before=_unquantised(graph, options),
    )


def _cleaned(
    graph: OnnxGraph, options: OptimiseOptions
) -> tuple[onnx.ModelProto, list[str]]:
    """The graph after every step that was asked for, and their names."""
    proto, steps = onnx.load(graph.file), list[str]()
    if options.slim:
        proto, slim = clean.slimmed(proto)
        steps += ["onnxslim"] * slim
    if options.precision == "int8":  # before fusing, which knows quantised layers
        proto, step = _in_bytes(proto, graph, options)
        steps.append(step)
    if options.fuse:
        proto = clean.optimised(proto)
        steps.append("onnxruntime-extended")
    if options.precision == "float16":  # after fusing, which would widen it again
        proto = quantise.halved(proto)
        steps.append("float16-weights")
    return proto, steps


def _in_bytes(
    proto: onnx.ModelProto, graph: OnnxGraph, options: OptimiseOptions
) -> tuple[onnx.ModelProto, str]:
    if options.calibration is None:
        return quantise.in_bytes(proto), "int8-dynamic"
    rows = calibration_rows(options.calibration, graph)
    return quantise.calibrated(proto, rows), "int8-static"


def _unquantised(graph: OnnxGraph, options: OptimiseOptions) -> Cost | None:
    """What the graph costs as it was converted, if answers may move."""
    if options.precision == "exact":
        return None
    return Cost(
        bytes=_size(graph.file),
        load_ms=measure.load_ms(graph.file),
        run_us=measure.run_us(graph.file, graph.inputs),
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
