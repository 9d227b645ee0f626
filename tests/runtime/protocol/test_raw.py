"""Tensors as bare bytes."""

from __future__ import annotations

import struct

import pytest
from protocol_builders import (
    Spy,
    content,
    manifest,
    of_columns,
    of_matrix,
    of_tensors,
    post,
    serve,
)

from lambda_runtime.manifest import Answer, Column, Feed, Field, Signature, Tensor
from lambda_runtime.tensor import Value

OCTETS = "application/octet-stream"


def test_a_body_that_fits_the_graph_is_not_copied():
    """Elements of the graph's own type reach it as the very bytes received."""
    service, spy = serve(of_matrix(2))
    body = struct.pack("4f", 1, 2, 3, 4)

    assert 200 == post(service, body, OCTETS, x_tensor_dtype="float32").status
    assert body is spy.inputs["X"].data
    assert (2, 2) == spy.inputs["X"].shape


@pytest.mark.parametrize(
    "dtype", ["float64", "int32", "uint8", "float16", "int64", "bool"]
)
def test_other_types_are_converted(dtype):
    """Any numeric type is taken and brought to the graph's."""
    code = {"float64": "d", "int32": "i", "uint8": "B", "float16": "e", "int64": "q",
            "bool": "?"}[dtype]  # fmt: skip
    service, spy = serve(of_matrix(2))
    body = struct.pack(f"2{code}", 0, 1)

    assert 200 == post(service, body, OCTETS, x_tensor_dtype=dtype).status
    assert [0.0, 1.0] == spy.seen()["X"]


def test_type_and_shape_default_to_the_signatures():
    """Without headers the body is rows of the signature's own type."""
    service, spy = serve(of_tensors(Tensor("", "int64", (None, 3))))

    assert 200 == post(service, struct.pack("6q", *range(6)), OCTETS).status
    assert (2, 3) == spy.inputs["x"].shape
    assert list(range(6)) == spy.seen()["x"]


def test_integer_columns_stay_strict():
    """A fraction in the bytes does not slip into an integer column."""
    service, _ = serve(of_matrix(1, "integer", "float32"))

    assert 200 == post(service, struct.pack("d", 7), OCTETS).status
    assert 400 == post(service, struct.pack("d", 7.5), OCTETS).status


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\0" * 7, {}), (b"\0" * 8, {"x_tensor_shape": "2,2"}),
        (b"\0" * 8, {"x_tensor_shape": "1,-1"}), (b"\0" * 8, {"x_tensor_shape": "a"}),
        (b"\0" * 16, {"x_tensor_dtype": "complex64"}), (b"\0" * 16,
        {"x_tensor_dtype": "string"}),
        (b"\0" * 16, {"x_tensor_shape": "2"}), (b"\0" * 16,
        {"x_tensor_shape": "9" * 30}),
        (b"\0" * 16, {"x_tensor_shape": ",".join(["1"] * 40)}), (b"\0" * 24, {}),
        (b"\0" * 16, {"x_tensor_shape": "1,1,2"}),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused(body, headers):
    """Bytes, type and shape must agree with each other and with the model."""
    service, spy = serve(of_matrix(2))

    response = post(service, body, OCTETS, **headers)

    assert 400 == response.status
    assert content(response)["message"]
    assert {} == spy.inputs


def test_texts_are_not_for_bytes():
    """A model with a text column does not take bare bytes."""
    service, _ = serve(of_columns(Column("a", "double"), Column("s", "string")))

    assert 400 == post(service, b"", OCTETS).status


def answered(answer, **outputs):
    """A service whose engine answers *outputs*."""
    tensors = tuple(
        Tensor(name, value.dtype, value.shape) for name, value in outputs.items()
    )
    made = manifest(
        Signature(columns=(Column("a", "double"),)),
        (Tensor("a", "float64", (None, 1)),),
        (Feed("a", ("a",)),),
        answer,
        tensors,
    )
    return serve(made, Spy(outputs))[0]


def test_an_answer_as_bytes_if_asked_for():
    """`Accept: application/octet-stream` gets one numeric array as its elements."""
    data = struct.pack("4f", 0.25, 0.75, float("nan"), 1)
    service = answered(Answer("array", (Field("p"),)), p=Value("float32", (2, 2), data))

    response = post(service, {"inputs": {"a": [1, 2]}}, accept=OCTETS)

    assert data == response.body
    assert {
        "content-type": OCTETS,
        "x-tensor-dtype": "float32",
        "x-tensor-shape": "2,2",
    } == response.headers


def test_texts_are_answered_as_json_all_the_same():
    """Labels that are texts have no bare bytes: the answer stays JSON."""
    labels = Answer("array", (Field("l", labels=("no", "yes")),))
    service = answered(labels, l=Value("int64", (1,), struct.pack("q", 1)))

    response = post(service, {"inputs": {"a": [1]}}, accept=OCTETS)

    assert ["yes"] == content(response)["predictions"]
