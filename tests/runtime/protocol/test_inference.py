"""The Open Inference Protocol, JSON and bytes."""

from __future__ import annotations

import json
import struct

import pytest
from protocol_builders import (
    Spy,
    content,
    get,
    manifest,
    of_columns,
    of_matrix,
    of_tensors,
    post,
    serve,
)

from lambda_runtime.manifest import Answer, Column, Feed, Field, Signature, Tensor
from lambda_runtime.tensor import Value

INFER = "/v2/models/m/infer"
LENGTH = "inference-header-content-length"


def infer(service, body, path=INFER, **headers):
    """POST an infer request."""
    return post(service, body, path=path, **headers)


def tensor(name="x", shape=(1, 2), datatype="FP32", data=(1, 2), **more):
    """One input of a request."""
    return {
        "name": name,
        "shape": list(shape),
        "datatype": datatype,
        "data": list(data),
        **more,
    }


@pytest.fixture
def matrix():
    """A model of one float32 matrix, and its engine."""
    return serve(of_tensors(Tensor("", "float32", (None, 2))))


@pytest.fixture
def columns():
    """A model of three columns of different types."""
    return serve(
        of_columns(
            Column("a", "double"),
            Column("s", "string"),
            Column("o", "double", required=False),
        )
    )


def test_health_and_metadata(matrix):
    """Liveness, readiness, server and model metadata answer what clients read."""
    service, _ = matrix

    assert 200 == get(service, "/v2/health/live").status
    assert 200 == get(service, "/v2/health/ready").status
    assert content(get(service, "/v2/models/m/ready"))["ready"] is True
    assert ["binary_tensor_data"] == content(get(service, "/v2"))["extensions"]
    for path in ("/v2/models/m", "/v2/models/m/versions/3", "/v2/models/m/"):
        assert {
            "name": "m",
            "versions": ["3"],
            "platform": "onnxruntime_onnx",
            "inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, 2]}],
            "outputs": [{"name": "predictions", "datatype": "FP32", "shape": [-1]}],
        } == content(get(service, path))


def test_metadata_of_columns(columns):
    """Columns are inputs of shape [-1, 1] in their own types; optional ones say so."""
    service, _ = columns

    assert [
        {"name": "a", "datatype": "FP64", "shape": [-1, 1]},
        {"name": "s", "datatype": "BYTES", "shape": [-1, 1]},
        {
            "name": "o",
            "datatype": "FP64",
            "shape": [-1, 1],
            "parameters": {"optional": True},
        },
    ] == content(get(service, "/v2/models/m"))["inputs"]


def test_a_tensor_flat_or_nested(matrix):
    """Data may be flat or nested; the answer repeats id, model and version."""
    service, spy = matrix
    for data in ([1, 2, 3, 4], [[1, 2], [3, 4]]):
        body = {"id": "7", "inputs": [tensor(shape=(2, 2), data=data)]}

        assert {
            "model_name": "m",
            "model_version": "3",
            "id": "7",
            "outputs": [
                {
                    "name": "predictions",
                    "datatype": "FP32",
                    "shape": [2],
                    "data": [0.0, 0.0],
                }
            ],
        } == content(infer(service, body))
        assert [1.0, 2.0, 3.0, 4.0] == spy.seen()["x"]


def test_columns_by_name(columns):
    """Each column is an input of shape [n] or [n, 1], in any order."""
    service, spy = columns
    body = {
        "inputs": [
            tensor("s", (2, 1), "BYTES", ["x", None]),
            tensor("a", (2,), "FP64", [1.5, None]),
        ]
    }

    assert 200 == infer(service, body).status
    assert ["x", "\ue000null"] == spy.seen()["s"]
    assert 1.5 == spy.seen()["a"][0]


def test_all_columns_as_one_matrix():
    """A matrix of all columns is taken in the signature's order."""
    service, spy = serve(of_matrix(3))
    body = {"inputs": [tensor("anything", (2, 3), "FP64", range(6))]}

    assert 200 == infer(service, body).status
    assert [0.0, 1.0, 2.0, 3.0, 4.0, 5.0] == spy.seen()["X"]


def binary(tensors, tail, **more):
    """A request with bytes after its JSON, and the header that says where."""
    head = json.dumps({"inputs": tensors, **more}).encode()
    return head + tail, {LENGTH: str(len(head))}


def bare(name, shape, datatype, size):
    """An input whose elements are bytes."""
    parameters = {"binary_data_size": size}
    return {
        "name": name,
        "shape": shape,
        "datatype": datatype,
        "parameters": parameters,
    }


def test_bytes_in(columns):
    """Tensors' bytes follow the JSON in order; texts have their length before them."""
    service, spy = columns
    texts = b"".join(struct.pack("<I", len(t)) + t for t in (b"x", "é".encode()))
    numbers = struct.pack("<2d", 1.5, -2)
    body, headers = binary(
        [bare("s", [2], "BYTES", len(texts)), bare("a", [2, 1], "FP64", 16)],
        texts + numbers,
    )

    assert 200 == infer(service, body, **headers).status
    assert ["x", "é"] == spy.seen()["s"]
    assert [1.5, -2.0] == spy.seen()["a"]


NUMBERS = (
    b'{"id":"7","inputs":[{"name":"a","shape":[2,1],"datatype":"FP64","parameters":'
    b'{"binary_data_size":16}},{"name":"b","shape":[2,1],"datatype":"FP64",'
    b'"parameters":{"binary_data_size":16}}],"outputs":[{"name":"predictions",'
    b'"parameters":{"binary_data":true}}]}'
    b"ffffff\x14@\x00\x00\x00\x00\x00\x00\x10@"
    b"\x00\x00\x00\x00\x00\x00\x0c@\x00\x00\x00\x00\x00\x00\xf0?"
)
TEXTS = (
    b'{"inputs":[{"name":"x","shape":[2,1],"datatype":"BYTES","parameters":'
    b'{"binary_data_size":11}}],"parameters":{"binary_data_output":true}}'
    b"\x01\x00\x00\x00a\x02\x00\x00\x00\xc3\xa9"
)
"""What Triton's own client sends (tritonclient 2.73.0, `generate_request_body`)."""


@pytest.mark.parametrize(
    ("body", "columns", "seen", "name"),
    [
        (NUMBERS, ("a", "b"), {"a": [5.1, 4.0], "b": [3.5, 1.0]}, "7"),
        (TEXTS, ("x",), {"x": ["a", "\u00e9"]}, None),
    ],
    ids=["numbers", "texts"],
)
def test_tritons_own_client_is_understood(body, columns, seen, name):
    """Its bytes are read, and it is answered in bytes as it asked to be."""
    type_ = "string" if columns == ("x",) else "double"
    service, spy = serve(of_columns(*(Column(each, type_) for each in columns)))
    length = body.index(b"}]}") + 3 if name else body.index(b"true}}") + 6
    response = infer(service, body, **{LENGTH: str(length)})
    head = json.loads(response.body[: int(response.headers[LENGTH])])

    assert 200 == response.status
    assert seen == spy.seen()
    assert name == head.get("id")
    assert 8 == head["outputs"][0]["parameters"]["binary_data_size"]
    assert bytes(8) == response.body[int(response.headers[LENGTH]) :]


def test_bytes_out():
    """Outputs asked for as bytes follow the JSON, whose length a header gives."""
    answer = Answer(
        "table", (Field("p", "p", 0), Field("l", "label", labels=("no", "yes")))
    )
    made = manifest(
        Signature(columns=(Column("a", "double"),)),
        (Tensor("a", "float64", (None, 1)),),
        (Feed("a", ("a",)),),
        answer,
        (Tensor("p", "float32", (None, 2)), Tensor("l", "int64", (None,))),
    )
    spy = Spy(
        {
            "p": Value("float32", (1, 2), struct.pack("2f", 0.25, 0.75)),
            "l": Value("int64", (1,), struct.pack("q", 1)),
        }
    )
    service, _ = serve(made, spy)
    body = {
        "inputs": [tensor("a", (1,), "FP64", [1])],
        "outputs": [
            {"name": "label", "parameters": {"binary_data": True}},
            {"name": "p", "parameters": {"binary_data": True}},
        ],
    }

    response = infer(service, body)

    length = int(response.headers[LENGTH])
    assert "application/octet-stream" == response.headers["content-type"]
    assert ["label", "p"] == [
        output["name"] for output in json.loads(response.body[:length])["outputs"]
    ]
    assert b"\x03\x00\x00\x00yes" + struct.pack("f", 0.25) == response.body[length:]
    whole = infer(
        service, {**body, "outputs": None, "parameters": {"binary_data_output": True}}
    )
    assert LENGTH in whole.headers


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", {}, {"inputs": []}, {"inputs": {}}, {"inputs": [5]},
        {"inputs": [{"name": "x"}]}, {"inputs": [tensor(datatype="FP99")]},
        {"inputs": [tensor(datatype=["FP32"])]}, {"inputs": [tensor(shape=(1, 3))]},
        {"inputs": [tensor(shape=(-1, 2))]}, {"inputs": [tensor(shape=(True, 2))]},
        {"inputs": [tensor(data="ab")]}, {"inputs": [tensor(data=[1, [2]])]},
        {"inputs": [tensor(data=["a", "b"])]}, {"inputs": [tensor(), tensor()]},
        {"inputs": [tensor(), tensor("y")]}, {"inputs": [tensor(datatype="INT8",
        data=[1, 300])]},
        {"inputs": [tensor(datatype="INT32", data=[1, 1.5])]}, {"inputs": [tensor()],
        "id": 5},
        {"inputs": [tensor()], "outputs": [{"name": "nope"}]}, {"inputs": [tensor()],
        "outputs": 5},
        {"inputs": [{**tensor(), "parameters": {"binary_data_size": 99}}]},
        {"inputs": [{**tensor(), "parameters": {"binary_data_size": -1}}]},
        {"inputs": [{**tensor(), "parameters": {"binary_data_size": True}}]},
        {"inputs": [tensor(shape=(1 << 39, 1 << 39))]},
        {"inputs": [tensor(shape=(2,))]},
    ],
    ids=lambda body: str(body)[:70],
)  # fmt: skip
def test_what_does_not_fit_is_refused(matrix, body):
    """Every malformed request is a 400 whose JSON has the protocol's `error`."""
    service, spy = matrix

    response = infer(service, body)

    assert 400 == response.status
    assert content(response)["error"]
    assert {} == spy.inputs


@pytest.mark.parametrize("length", ["-1", "x", "999999", "1e3", "", "٣", "9" * 99])
def test_a_header_length_beyond_the_body_is_refused(matrix, length):
    """The JSON part must lie within the body."""
    service, _ = matrix

    assert 400 == infer(service, {"inputs": [tensor()]}, **{LENGTH: length}).status


@pytest.mark.parametrize(
    ("tail", "size"), [(b"\0" * 7, 7), (b"\0" * 9, 8), (b"\xff" * 8, 8)]
)
def test_bytes_that_do_not_add_up_are_refused(matrix, tail, size):
    """Half elements and left-over bytes are refused; any whole float is taken."""
    service, _ = matrix
    body, headers = binary([bare("x", [1, 2], "FP32", size)], tail)

    expected = 200 if len(tail) == size == 8 else 400
    assert expected == infer(service, body, **headers).status


@pytest.mark.parametrize(
    "data", [b"\x05\x00\x00\x00ab", b"\x01\x00", b"\x01\x00\x00\x00\xff"]
)
def test_broken_texts_in_bytes_are_refused(columns, data):
    """A text longer than its tensor, or not UTF-8, is refused."""
    service, _ = columns
    body, headers = binary(
        [bare("s", [1], "BYTES", len(data)), bare("a", [1], "FP64", 8)],
        data + b"\0" * 8,
    )

    assert 400 == infer(service, body, **headers).status


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/v2/models/other", "GET", 404), ("/v2/models/m/versions/4", "GET", 404),
        ("/v2/models/m/versions", "GET", 404), ("/v2/models", "GET", 404),
        ("/v2/nope", "GET", 404), ("/v2x", "GET", 404), ("/v2/models/m/nope", "GET",
        404),
        ("/v2/models/m/infer", "GET", 405), ("/v2/models/m", "POST", 405),
        ("/v2/models/%6d/ready", "GET", 200), ("/v2/models/%zz/ready", "GET", 404),
        ("/v2/models/m/versions/3/ready", "GET", 200), ("/v2/models/m/infer/x", "GET",
        404),
    ],
)  # fmt: skip
def test_paths(matrix, path, method, status):
    """Only this model, its version and the protocol's paths exist."""
    service, _ = matrix

    response = get(service, path, method)

    assert status == response.status
    if status == 405:
        assert response.headers["allow"]
