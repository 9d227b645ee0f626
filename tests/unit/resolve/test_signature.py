"""MLflow's schemas as the runtime's signature."""

import json

import pytest

from lambda_runtime.manifest import Column, Param, Signature, Tensor
from mlflow_serverless.resolve.errors import SignatureUnsupportedError
from mlflow_serverless.resolve.signature import signature_of


def read(inputs, params=None):
    kept = {"inputs": json.dumps(inputs), "params": params and json.dumps(params)}
    return signature_of(kept, "it")


def test_columns_keep_whether_they_are_required():
    """
    A column is required unless the schema says otherwise.
    """
    found = read([
        {"name": "a", "type": "long"},
        {"name": "b", "type": "string", "required": False},
    ])  # fmt: skip

    assert (Column("a", "long"), Column("b", "string", required=False)) == found.columns


def test_columns_may_have_no_names():
    """
    A schema inferred from a list of columns names none of them.
    """
    assert (Column(None, "double"),) == read([{"type": "double"}]).columns


def test_nested_types_are_kept_as_json():
    """
    Arrays, objects and maps keep their structure; name and required go beside it.
    """
    kind = {"type": "array", "items": {"type": "double"}}
    found = read([{**kind, "name": "v", "required": True}])

    assert kind == json.loads(found.columns[0].type)


@pytest.mark.parametrize(
    ("dtype", "ours"), [("float32", "float32"), ("object", "string"), ("<U5", "string")]
)
def test_tensors_keep_shape_and_type(dtype, ours):
    """
    -1 is a dimension that varies; numpy's texts are strings.
    """
    spec = {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, 4]}}

    assert Signature(tensors=(Tensor("", ours, (None, 4)),)) == read([spec])


def test_a_tensor_type_that_json_cannot_carry_is_refused():
    """
    Complex numbers have no form in a request.
    """
    spec = {"type": "tensor", "tensor-spec": {"dtype": "complex64", "shape": [-1]}}
    with pytest.raises(SignatureUnsupportedError, match="complex64"):
        read([spec])


def test_parameters_keep_default_and_shape():
    """
    Inference parameters come along.
    """
    params = [
        {"name": "t", "type": "double", "default": 0.5, "shape": None},
        {"name": "ks", "type": "long", "default": [1], "shape": [-1]},
    ]
    found = read([{"type": "double"}], params)

    assert (Param("t", "double", 0.5), Param("ks", "long", [1], (-1,))) == found.params


def test_a_schema_without_inputs_is_none():
    """
    A signature of outputs only says nothing about requests.
    """
    assert read([]) is None
