"""The generated OpenAPI document."""

from __future__ import annotations

import pytest
from protocol_builders import (
    content,
    get,
    manifest,
    of_columns,
    of_tensors,
    post,
    serve,
)

from lambda_runtime.manifest import (
    Answer,
    Column,
    Feed,
    Field,
    Manifest,
    Param,
    Signature,
    Tensor,
)

jsonschema = pytest.importorskip("jsonschema")


def document(made: Manifest):
    """What `/openapi.json` answers."""
    return content(get(serve(made)[0], "/openapi.json"))


def request_schema(made: Manifest):
    """The schema of `/invocations` requests, references resolved by hand."""
    return document(made)["components"]["schemas"]["Request"]


MODELS = {
    "columns": of_columns(
        Column("a", "double"),
        Column("n", "integer"),
        Column("s", "string", required=False),
        Column("f", "boolean"),
        Column("t", "datetime"),
        params=(Param("k", "long", 3),),
    ),
    "unnamed": of_columns(Column(None, "double"), Column(None, "string")),
    "tensor": of_tensors(Tensor("", "float32", (None, 2))),
    "tensors": of_tensors(
        Tensor("a", "int64", (None,)), Tensor("b", "string", (None, 1))
    ),
}

GOOD = {
    "columns": {
        "dataframe_records": [{"a": 1.5, "n": 3, "f": True, "t": "2021-01-01"}],
        "params": {"k": 3},
    },
    "unnamed": {"inputs": [[1.5, "x"]]},
    "tensor": {"instances": [[1, None]]},
    "tensors": {"inputs": {"a": [1], "b": [["x"]]}},
}

BAD = {
    "columns": {
        "dataframe_records": [{"a": 1.5, "n": 3.5, "f": True, "t": "2021-01-01"}]
    },
    "unnamed": {"inputs": [[1.5]]},
    "tensor": {"instances": [[1, 2, 3]]},
    "tensors": {"inputs": {"a": [1]}},
}


@pytest.mark.parametrize("kind", MODELS)
def test_the_schema_says_what_the_service_does(kind):
    """Schema and service agree on a request that fits and on one that does not."""
    schema = request_schema(MODELS[kind])
    validator = jsonschema.Draft202012Validator(schema)

    for bodies, status in ((GOOD, 200), (BAD, 400)):
        assert (status == 200) == validator.is_valid(bodies[kind])
        assert status == post(serve(MODELS[kind])[0], bodies[kind]).status


@pytest.mark.parametrize("kind", MODELS)
def test_every_schema_is_one_and_every_reference_resolves(kind):
    """Components are valid JSON Schema 2020-12; nothing points nowhere."""
    found = document(MODELS[kind])
    schemas = found["components"]["schemas"]

    assert "3.1.0" == found["openapi"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in schemas


def references(value):
    """Every `$ref` in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


@pytest.mark.parametrize("kind", MODELS)
def test_every_path_is_served(kind):
    """What the document lists exists, with these methods."""
    service, _ = serve(MODELS[kind])

    for path, methods in document(MODELS[kind])["paths"].items():
        for method, operation in methods.items():
            assert get(service, path, method.upper()).status in {200, 400}
            assert "200" in operation["responses"]


def test_a_table_answer_is_described_by_its_fields():
    """Names and labels of the answer are in the response's schema."""
    answer = Answer(
        "table", (Field("l", "label", labels=("no", "yes")), Field("p", "p"))
    )
    made = manifest(
        Signature(columns=(Column("a", "double"),)),
        (Tensor("a", "float64", (None, 1)),),
        (Feed("a", ("a",)),),
        answer,
        (Tensor("l", "int64", (None,)), Tensor("p", "float32", (None,))),
    )

    schema = document(made)["components"]["schemas"]["Response"]

    jsonschema.validate({"predictions": [{"label": "no", "p": 0.5}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"predictions": [{"label": "maybe", "p": 0.5}]}, schema)
