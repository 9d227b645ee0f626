"""Whatever the connection does, every event has exactly one answer."""

from __future__ import annotations

import threading

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
