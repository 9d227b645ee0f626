"""What the deployer writes is what the runtime reads."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime import manifest as contract
from lambda_runtime.manifest import (
    Answer,
    Check,
    Column,
    Engine,
    Feed,
    Field,
    File,
    Manifest,
    ManifestError,
    Model,
    Param,
    Signature,
    Tensor,
    Tier,
    Variant,
)
from lambda_runtime.manifest_read import from_plain
from lambda_runtime.manifest_write import to_plain

names = st.text(string.ascii_letters + "é $/", min_size=1, max_size=12)
optional_names = st.none() | names
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
tensors = st.builds(
    Tensor,
    names,
    st.sampled_from(contract.DTYPES),
    st.lists(st.none() | st.integers(0, 9), max_size=3).map(tuple),
)
scalars = st.none() | names | st.integers(-9, 9) | st.booleans()


def tuples(of, most=3):
    """Tuples of up to *most* of *of*."""
    return st.lists(of, max_size=most).map(tuple)


manifests = st.builds(
    Manifest,
    model=st.builds(Model, names, optional_names, optional_names),
    engine=st.builds(Engine, names, names, names),
    inputs=tuples(tensors),
    outputs=tuples(tensors),
    variants=tuples(
        st.builds(
            Variant,
            names,
            names,
            tuples(names),
            names,
            names,
            st.booleans(),
            st.booleans(),
            numbers,
            numbers,
        )
    ),
    signature=st.builds(
        Signature,
        tuples(st.builds(Column, optional_names, names, st.booleans())),
        tuples(tensors),
        tuples(
            st.builds(
                Param, names, names, scalars, st.none() | tuples(st.integers(-1, 4), 2)
            )
        ),
    ),
    feeds=tuples(st.builds(Feed, names, tuples(names), optional_names, names)),
    answer=st.builds(
        Answer,
        names,
        tuples(
            st.builds(
                Field,
                names,
                optional_names,
                st.none() | st.integers(0, 9),
                tuples(scalars),
            )
        ),
        tuples(st.builds(Check, names, names)),
    ),
    files=tuples(st.builds(File, names, names, st.integers(0, 2**40), tuples(names))),
    tiers=tuples(st.builds(Tier, names, names, st.none() | st.integers(0, 2**40))),
    options=st.dictionaries(names, numbers, max_size=2),
)


@given(manifests)
def test_a_manifest_survives_json(manifest):
    """
    Written as JSON and read back, a manifest is the same value.
    """
    text = json.dumps(to_plain(manifest))

    assert manifest == from_plain(json.loads(text))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"schema": 99},
        {"schema": contract.SCHEMA},
        {"schema": 1, "model": 3},
    ],
)
def test_what_is_no_manifest_is_refused(data):
    """
    Anything but a manifest of our schema raises ManifestError, nothing else.
    """
    with pytest.raises(ManifestError):
        from_plain(data)


def test_a_file_that_is_not_listed_is_named():
    """
    Asking for a file that the manifest does not list names it.
    """
    manifest = Manifest(
        model=Model("models:/a/1"), engine=Engine(), inputs=(), outputs=(),
        variants=(), signature=Signature(), feeds=(), answer=Answer(),
        files=(File("a.onnx", "00", 1),),
    )  # fmt: skip

    assert "00" == manifest.file("a.onnx").sha256
    with pytest.raises(ManifestError, match=r"b\.onnx"):
        manifest.file("b.onnx")
