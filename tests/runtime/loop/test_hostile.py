"""Hostile events through the real process: each is answered once, and it lives on."""

from __future__ import annotations

import json
import random

from tests.fakes.bundle import EVENT
from tests.fakes.hostile import DOORS, FORMATS, asked, event_of
from tests.fakes.loop_process import ENTRY, Runtime

EVENTS_IN_ALL = 1_120


def test_hostile_events_are_all_answered(bundle):
    """One process, one connection, no function error, not one event lost or doubled."""
    chance = random.Random(7)
    with Runtime(ENTRY, **bundle) as runtime:
        expected = runtime.api.invoke(EVENT).body
        ids = []
        for at in range(EVENTS_IN_ALL):
            door, format_ = DOORS[at % len(DOORS)], FORMATS[at % len(FORMATS)]
            event = event_of(chance, door, asked(chance, format_))
            ids.append(runtime.api.push_body(event))
        kinds = [runtime.api.wait(request_id, timeout_s=60).kind for request_id in ids]

        assert {"response"} == set(kinds)
        assert [1] * EVENTS_IN_ALL == [len(runtime.api.posted[one]) for one in ids]
        assert expected == runtime.api.invoke(EVENT).body
        assert 1 == runtime.api.connected
        assert 0 == runtime.stop()
        assert b"" == runtime.err
        lines = [json.loads(line) for line in runtime.out.splitlines()]
    assert EVENTS_IN_ALL + 2 == len(lines)
    assert 0 == sum(line["Failures"] for line in lines)
