"""A manifest from JSON values; what is none is refused, and told where."""

from __future__ import annotations

from lambda_runtime import manifest as m

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


def from_plain(data: Any) -> m.Manifest:
    """
    Read a manifest from JSON values.

    Raises:
        ManifestError: It is not a manifest, or its schema is newer than ours.
    """
    if not isinstance(data, dict) or "schema" not in data:
        raise m.ManifestError("not a manifest: an object with 'schema' is expected")
    if data["schema"] != m.SCHEMA:
        raise m.ManifestError(
            f"manifest schema {data['schema']} is not {m.SCHEMA}, the one this runtime "
            "reads; deploy again with the matching mlflow-serverless"
        )
    try:
        return _manifest(data)
    except (TypeError, KeyError, AttributeError) as cause:
        raise m.ManifestError(f"malformed manifest: {cause}") from cause


def _manifest(data: Mapping[str, Any]) -> m.Manifest:
    signature, answer = data["signature"], data["answer"]
    return m.Manifest(
        model=m.Model(**data["model"]),
        engine=m.Engine(**data["engine"]),
        inputs=_tensors(data["inputs"]),
        outputs=_tensors(data["outputs"]),
        variants=tuple(
            m.Variant(**{**item, "needs": tuple(item.get("needs", ()))})
            for item in data["variants"]
        ),
        signature=m.Signature(
            columns=tuple(m.Column(**item) for item in signature["columns"]),
            tensors=_tensors(signature["tensors"]),
            params=tuple(_param(item) for item in signature["params"]),
        ),
        feeds=tuple(
            m.Feed(
                item["input"],
                tuple(item["columns"]),
                item["tensor"],
                item.get("null", m.NULL_TEXT),
            )
            for item in data["feeds"]
        ),
        answer=m.Answer(
            form=answer["form"],
            fields=tuple(
                m.Field(**{**item, "labels": tuple(item.get("labels", ()))})
                for item in answer["fields"]
            ),
            checks=tuple(m.Check(**item) for item in answer.get("checks", ())),
        ),
        files=tuple(
            m.File(**{**item, "pieces": tuple(item.get("pieces", ()))})
            for item in data["files"]
        ),
        tiers=tuple(m.Tier(**item) for item in data["tiers"]),
        options=data.get("options", {}),
        schema=data["schema"],
        refusals=tuple(
            m.Refusal(item["value"], tuple(item["of"]))
            for item in data.get("refusals", ())
        ),
    )


def _tensors(items: Iterable[Mapping[str, Any]]) -> tuple[m.Tensor, ...]:
    return tuple(
        m.Tensor(item["name"], item["dtype"], tuple(item["shape"])) for item in items
    )


def _param(item: Mapping[str, Any]) -> m.Param:
    shape = item.get("shape")
    return m.Param(
        item["name"],
        item["type"],
        item.get("default"),
        None if shape is None else tuple(shape),
    )
