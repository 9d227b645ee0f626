"""An image holds what its engine needs, at the versions that were proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from pathlib import PurePosixPath

import pytest

from lambda_runtime.manifest import Engine
from mlflow_serverless.build import BuildOptions
from mlflow_serverless.build.errors import RequirementsMissingError
from mlflow_serverless.build.needs import Needs, needs_for
from mlflow_serverless.build.trim import keep
from mlflow_serverless.package import read_bundle
from tests.fakes.bundle import write_bundle

EXTRAS = {"uvicorn", "h11", "click", "orjson"}


@dataclass
class Installed:
    version: str
    requires: tuple[str, ...] = ()


HERE = {
    "onnxruntime": Installed("1.31.1", ("numpy>=1", "protobuf")),
    "numpy": Installed("2.4.6"),
    "scikit-learn": Installed("1.7.2", ("numpy>=1", "scipy", "pytest; extra == 'dev'")),
    "scipy": Installed("1.16.3", ("numpy",)),
    "skops": Installed("0.13", ("scikit-learn",)),
    "pytest": Installed("8"),
}


def find(name: str) -> Installed:
    if name not in HERE:
        raise PackageNotFoundError(name)
    return HERE[name]


@pytest.fixture
def bundle(tmp_path):
    """The small bundle."""
    return read_bundle(write_bundle(tmp_path / "bundle"))


def native(bundle, **options):
    """The same, as if its own library served it."""
    said = {"loader": "sklearn", "format": "skops", "matrix": "float64", **options}
    manifest = bundle.manifest._replace(
        engine=Engine("native"), options={"native": said}
    )
    return replace(bundle, manifest=manifest)


def names(needs: Needs) -> set[str]:
    return {line.partition("==")[0] for line in needs.requirements}


def test_a_graph_needs_one_library(bundle):
    """At the release that parity was proved with, without what the wheel requires."""
    needs = needs_for(bundle, BuildOptions(), find)

    assert "onnxruntime==1.31.1" in needs.requirements
    assert {"onnxruntime", *EXTRAS} == names(needs)
    assert ("none", "library") == (needs.follow, needs.keep)


def test_extras_can_be_left_out(bundle):
    """Then there is nothing but the engine."""
    assert {"onnxruntime"} == names(needs_for(bundle, BuildOptions(extras=()), find))


def test_a_native_model_needs_what_it_was_proved_with(bundle):
    """Its loader's libraries, and all they need as it is installed; no test tools."""
    needs = needs_for(native(bundle), BuildOptions(), find)

    assert {"scikit-learn==1.7.2", "skops==0.13"} <= set(needs.requirements)
    assert (
        "numpy==2.4.6", "scikit-learn==1.7.2", "scipy==1.16.3", "skops==0.13"
    ) == needs.constraints  # fmt: skip
    assert "all" == needs.follow


def test_a_model_with_an_environment_needs_what_was_recorded(bundle):
    """Our own libraries are not what it was proved with; mlflow does not serve it."""
    lines = ("scikit-learn==1.5.0", "numpy==1.26.4", "mlflow==3.4")
    options = BuildOptions(requirements=lines)
    needs = needs_for(native(bundle, environment="abc"), options, find)

    assert set(lines[:2]) < set(needs.requirements)
    assert "mlflow" not in names(needs)
    with pytest.raises(RequirementsMissingError, match="scikit-learn"):
        needs_for(native(bundle, environment="abc"), BuildOptions(), find)


def test_a_bundle_may_carry_its_requirements(bundle):
    """In the recipe, or as the model's own file; then nobody has to pass them."""
    said = ["scikit-learn==1.5.0"]
    found = needs_for(
        native(bundle, environment="abc", requirements=said), BuildOptions(), find
    )
    assert "scikit-learn==1.5.0" in found.requirements

    (bundle.folder / "model").mkdir()
    file = bundle.folder / "model" / "requirements.txt"
    file.write_text("# made by us\nmlflow==3.4\nscipy==1.0\nprophet==1.1  # slow\n\n")
    made = native(bundle, loader="pyfunc", environment="abc")
    found = needs_for(made, BuildOptions(), find)
    assert ("mlflow==3.4", "scipy==1.0", "prophet==1.1") == found.requirements[:3]
    here = needs_for(native(bundle, loader="pyfunc"), BuildOptions(), find)
    assert {"scipy==1.16.3", "prophet==1.1"} < set(here.requirements)


@pytest.mark.parametrize(
    "path, kept",
    [
        ("bin/uvicorn", ()),
        ("numpy/__init__.pyi", ()),
        ("numpy/tests/test_x.py", ()),
        ("numpy/testing/__init__.py", ("library", "package", "all")),
        ("mine/tests/data.py", ("library", "package", "all")),
        ("x-1.dist-info/RECORD", ()),
        ("x-1.dist-info/licenses/LICENSE", ("library", "package", "all")),
        ("onnxruntime/LICENSE", ("library", "package", "all")),
        ("onnxruntime/__init__.py", ("package", "all")),
        ("onnxruntime/tools/x.py", ()),
        ("onnxruntime/capi/libonnxruntime.so.1.31.1", ()),
        ("onnxruntime/capi/onnxruntime_pybind11_state.so", ("package", "all")),
    ],
)
def test_what_serving_never_reads_is_left_out(path, kept):
    """Tools, tests, headers and notes of an installation go; licences stay."""
    found = tuple(
        how
        for how in ("library", "package", "all")
        if keep(PurePosixPath(path), Needs(requirements=(), keep=how))
    )

    assert kept == found
