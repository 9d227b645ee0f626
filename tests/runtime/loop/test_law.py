"""Whatever the connection does, every event has exactly one answer."""

from __future__ import annotations

import threading
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_runtime.loop import Outcome, serve
from lambda_runtime.runtime_api import RuntimeApi
from tests.fakes.runtime_api import Event, FakeRuntimeApi

ON_NEXT = ("drop", "reset", "slow", "close-after", "head-only", "half-body")
ON_ANSWER = ("drop", "reset", "drop-after", "close-after", 413)


def never_three(acts: list) -> bool:
    """Whether the server is there at least every third time."""
    gone = [act in {"drop", "reset"} for act in acts]
    return not any(all(gone[at : at + 3]) for at in range(len(gone) - 2))


def never_two(acts: list) -> bool:
    """Whether a second attempt is never broken too."""
    broken = [act in {"drop", "reset", "drop-after"} for act in acts]
    return not any(all(broken[at : at + 2]) for at in range(len(broken) - 1))


@settings(deadline=None, max_examples=40)
@given(
    nexts=st.lists(st.sampled_from(ON_NEXT), max_size=6).filter(never_three),
    answers=st.lists(st.sampled_from(ON_ANSWER), max_size=6).filter(never_two),
    chunked=st.lists(st.booleans(), min_size=1, max_size=6),
    sizes=st.sampled_from([1, 1000, 70_000, 300_000]),
)
def test_each_event_is_answered_once(nexts, answers, chunked, sizes):
    """Breaks, resets and delays in any order lose nothing and repeat nothing."""
    with FakeRuntimeApi() as server:
        server.misbehave("next", *nexts)
        server.misbehave("response", *answers)
        client = RuntimeApi(server.address)
        loop = threading.Thread(
            target=serve, args=[client, Outcome, lambda *_: None], daemon=True
        )
        loop.start()
        events = [
            Event(b"%d" % n * sizes, chunked=flag) for n, flag in enumerate(chunked)
        ]
        posted = [server.wait(server.push(event), timeout_s=8) for event in events]
        client.stop()
        loop.join(5)
        client.close()

        assert not loop.is_alive()
    for event, answer in zip(events, posted, strict=True):
        assert 1 == len(server.posted[event.request_id])
        assert answer.kind == "error" or answer.body == event.body


def test_what_lambda_says_of_an_event_is_read():
    """Every header of the Runtime API has its place; what is not said is empty."""
    headers = {
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:x:1:function:f:live",
        "Lambda-Runtime-Client-Context": '{"custom": {"k": "\u00e9"}}',
        "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId": "i"}',
        "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "Lambda-Runtime-Invocation-Id": "a-7",
    }
    with FakeRuntimeApi() as server:
        server.push(Event(b"1", headers=headers, request_id="r-1", deadline_s=30))
        server.push(Event(b"2", headers={"Lambda-Runtime-Deadline-Ms": "soon"}))
        client = RuntimeApi(server.address)
        told = client.next()
        client.answer(told, b"1", "application/json")
        bare = client.next()
        client.close()

    assert ("r-1", b"1") == told[:2]
    assert 25_000 < told.deadline_ms - time.time() * 1e3 <= 30_000
    assert (headers["Lambda-Runtime-Trace-Id"], "a-7") == (
        told.trace_id, told.invocation_id,
    )  # fmt: skip
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == told.function_arn
    assert headers["Lambda-Runtime-Client-Context"] == told.client_context
    assert headers["Lambda-Runtime-Cognito-Identity"] == told.identity
    assert (0, "", "", "") == (
        bare.deadline_ms, bare.client_context, bare.identity, bare.invocation_id,
    )  # fmt: skip
