"""Answers of the Open Inference Protocol, in JSON or with tensors as bytes after it."""

from __future__ import annotations

from lambda_runtime.exchange import Response
from lambda_runtime.faults import BadRequest
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.answer import texts
from lambda_runtime.protocol.inference import LENGTH, NAMES
from lambda_runtime.protocol.raw import OCTETS, elements
from lambda_runtime.protocol.replies import reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.protocol.answer import Part
    from lambda_runtime.protocol.inference import Ask


def check_outputs(ask: Ask, names: Sequence[str | None]) -> None:
    """Raise BadRequest if an output is asked for that the answer, of *names*, lacks."""
    known = output_names(names)
    if ask.outputs and not ask.outputs.keys() <= set(known):
        raise BadRequest(f"There is no such output; there are {known}.")


def write_infer(ask: Ask, parts: Sequence[Part], model: Mapping[str, str]) -> Response:
    """The answer, in JSON or with tensors as bytes after it."""
    named = dict(zip(output_names([part.name for part in parts]), parts, strict=True))
    wanted = ask.outputs or dict.fromkeys(named, ask.binary)
    head = {**model, **({} if ask.id is None else {"id": ask.id})}
    outputs, tail = [], []
    for name, binary in wanted.items():
        content, data = _output(name, named[name], binary=binary)
        outputs.append(content)
        tail.append(data)
    text = (
        str(json_text.dumps(head), "utf-8")[:-1] + f',"outputs":[{",".join(outputs)}]}}'
    )
    body = text.encode()
    if not any(wanted.values()):
        return reply(body)
    headers = {"content-type": OCTETS, LENGTH: str(len(body))}
    return Response(200, headers, body + b"".join(tail))


def output_names(names: Sequence[str | None]) -> list[str]:
    """Names of the answer's parts: their own, or `predictions`."""
    if len(names) == 1:
        return [names[0] or "predictions"]
    return [name or f"predictions_{at}" for at, name in enumerate(names)]


def _output(name: str, part: Part, *, binary: bool) -> tuple[str, bytes]:
    """An output's JSON, and the bytes that follow it."""
    shape = ",".join(map(str, part.shape))
    label, kind_ = json_text.text(name), NAMES[part.dtype]
    head = f'{{"name":{label},"datatype":"{kind_}","shape":[{shape}]'
    if not binary:
        return f'{head},"data":[{",".join(texts(part.values))}]}}', b""
    data = elements(part)
    return f'{head},"parameters":{{"binary_data_size":{len(data)}}}}}', data
