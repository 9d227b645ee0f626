"""The loop as its own process, before a Runtime API that may misbehave."""

from __future__ import annotations

import json
import time

import pytest

from tests.fakes.loop_process import Runtime
from tests.fakes.patience import until
from tests.fakes.runtime_api import LIMIT, Event


@pytest.fixture
def runtime():
    with Runtime() as started:
        yield started


def test_every_event_is_answered_with_its_own_answer(runtime):
    """Events are answered in order, each once, over one connection."""
    ids = [runtime.api.push(Event(b"%d" % number)) for number in range(50)]

    bodies = [runtime.api.wait(request_id).body for request_id in ids]

    assert [b"%d" % number for number in range(50)] == bodies
    assert [] == runtime.api.refused
    assert 1 == runtime.api.connected


def test_the_answer_is_the_body_itself_as_json(runtime):
    """A direct answer is posted byte for byte, as JSON."""
    posted = runtime.api.invoke('{"a": "\u00e9\u4e16"}'.encode())

    assert ("response", '{"a": "\u00e9\u4e16"}'.encode()) == (posted.kind, posted.body)
    assert "application/json" == posted.headers["content-type"]


def test_the_trace_header_is_in_the_environment_of_its_own_request_only(runtime):
    """X-Ray's header is passed on, and does not outlive its request."""
    traced = runtime.api.invoke(b"env _X_AMZN_TRACE_ID")
    untraced = runtime.api.invoke(
        b"env _X_AMZN_TRACE_ID", headers={"Lambda-Runtime-Trace-Id": ""}
    )

    assert b'"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1"' == traced.body
    assert b'""' == untraced.body


def test_the_attempt_is_named_in_the_answer(runtime):
    """An invocation id, where Lambda gives one, is given back."""
    posted = runtime.api.invoke(b"1", headers={"Lambda-Runtime-Invocation-Id": "a-7"})

    assert "a-7" == posted.headers["lambda-runtime-invocation-id"]


@pytest.mark.parametrize("word", ["crash", "fail"])
def test_our_failure_is_a_function_error_without_a_trace(runtime, word):
    """Type and message go to the caller; the loop goes on."""
    posted = runtime.api.invoke(f"{word} it broke".encode())
    told = json.loads(posted.body)

    assert "error" == posted.kind
    assert "it broke" == told["errorMessage"]
    assert [] == told["stackTrace"]
    assert told["errorType"] == posted.headers["lambda-runtime-function-error-type"]
    assert b"1" == runtime.api.invoke(b"1").body


def test_the_callers_mistake_is_an_answer(runtime):
    """A refused direct request is answered with MLflow's error object."""
    posted = runtime.api.invoke(b"refuse no such column")

    assert "response" == posted.kind
    assert {"error_code": "BAD_REQUEST", "message": "no such column"} == json.loads(
        posted.body
    )


@pytest.mark.parametrize(
    ("call", "how"),
    [
        ("next", "drop"),
        ("next", "reset"),
        ("next", "slow"),
        ("next", "close-after"),
        ("response", "drop"),
        ("response", "reset"),
        ("response", "drop-after"),
        ("response", "close-after"),
    ],
)
def test_a_broken_connection_neither_loses_nor_repeats_an_answer(runtime, call, how):
    """Wherever the connection breaks, each event has exactly one answer."""
    runtime.api.invoke(b"0")
    runtime.api.misbehave(call, how)
    ids = [runtime.api.push(Event(b'"%d"' % number)) for number in range(3)]

    answers = [runtime.api.wait(request_id) for request_id in ids]

    assert [b'"0"', b'"1"', b'"2"'] == [answer.body for answer in answers]
    assert [1, 1, 1] == [len(runtime.api.posted[request_id]) for request_id in ids]


@pytest.mark.parametrize("how", ["head-only", "half-body"])
def test_a_half_read_event_is_answered_with_an_error(runtime, how):
    """An event that did not come whole is not guessed at, nor left hanging."""
    runtime.api.misbehave("next", how)

    posted = runtime.api.invoke(b"12345678")

    assert "error" == posted.kind
    assert "EventCutShort" == json.loads(posted.body)["errorType"]
    assert b"1" == runtime.api.invoke(b"1").body


def test_events_arrive_whole_in_chunks(runtime):
    """Chunk sizes, extensions and trailers leave no mark on the event."""
    event = bytes(range(32, 127)) * 400

    assert event == runtime.api.invoke(event, chunked=True).body


def test_six_megabytes_pass_both_ways(runtime):
    """The largest event gives the largest answer."""
    event = b"8" * LIMIT

    assert event == runtime.api.invoke(event).body


@pytest.mark.parametrize("chunked", [False, True])
def test_a_larger_event_is_refused_with_the_numbers(runtime, chunked):
    """An event beyond the limit is refused before it is read; the loop goes on."""
    posted = runtime.api.invoke(b"8" * (LIMIT + 1), chunked=chunked)
    told = json.loads(posted.body)

    assert ("error", "TooLarge") == (posted.kind, told["errorType"])
    assert str(LIMIT) in told["errorMessage"]
    assert b"1" == runtime.api.invoke(b"1").body


def test_a_larger_answer_is_refused_with_the_numbers(runtime):
    """An answer beyond the limit is an error with numbers, never a part of it."""
    posted = runtime.api.invoke(b"size %d" % (LIMIT + 1))
    told = json.loads(posted.body)

    assert "REQUEST_LIMIT_EXCEEDED" == told["error_code"]
    assert str(LIMIT + 1) in told["message"]


def test_an_answer_lambda_finds_too_large_becomes_an_error(runtime):
    """413 from the Runtime API settles nothing: an error is posted."""
    runtime.api.misbehave("response", 413)

    posted = runtime.api.invoke(b"1")

    assert ("error", "TooLarge") == (posted.kind, json.loads(posted.body)["errorType"])


@pytest.mark.parametrize(
    ("call", "status"),
    [("next", 403), ("next", 500), ("response", 403), ("response", 500)],
)
def test_a_runtime_api_out_of_step_ends_the_process(runtime, call, status):
    """403 and 500 cannot be mended from here: the process ends, and says why."""
    runtime.api.misbehave(call, status)
    runtime.api.push(Event(b"1"))

    assert 1 == runtime.ended()
    assert str(status).encode() in runtime.err


def test_no_runtime_api_ends_the_process():
    """Where nobody listens the process gives up, soon and with a reason."""
    with Runtime() as runtime:
        runtime.api.wait_polls(1)
        runtime.api.__exit__(None, None, None)

        assert 1 == runtime.ended()
        assert b"out-of-step" in runtime.err


def test_sigterm_while_waiting_ends_cleanly(runtime):
    """SIGTERM between requests ends the wait, gives the model back, and is no error."""
    runtime.api.invoke(b"1")
    runtime.api.wait_polls(2)
    time.sleep(0.05)
    runtime.process.terminate()

    assert 0 == runtime.ended(5)
    assert b"closed" in runtime.err


def test_sigterm_during_a_request_lets_it_be_answered(runtime):
    """SIGTERM does not cost the request that is being answered."""
    request_id = runtime.api.push(Event(b"wait 0.3"))
    until(lambda: b"waits" in runtime.err)
    runtime.process.terminate()

    assert b"0" == runtime.api.wait(request_id).body
    assert 0 == runtime.ended(5)


def test_sigterm_at_any_moment_ends_cleanly():
    """Whenever it comes, the process ends by itself, soon, and as a success."""
    for moment in range(8):
        with Runtime() as runtime:
            runtime.api.wait_polls(1)
            for _ in range(moment):
                runtime.api.push(Event(b"wait 0.002"))
            time.sleep(0.003 * moment)
            runtime.process.terminate()

            assert 0 == runtime.ended(5)


@pytest.mark.parametrize(
    ("broken", "code", "message"),
    [
        ("bundle", "digest-mismatch", "model.onnx is not what it was"),
        ("crash", "ZeroDivisionError", "no reason"),
    ],
)
def test_what_cannot_be_served_is_an_init_error(broken, code, message):
    """A broken bundle is told to Lambda with its code, and ends the process."""
    with Runtime(BREAK=broken) as runtime:
        posted = runtime.api.wait_init_error()
        told = json.loads(posted.body)

        assert 1 == runtime.ended()
        assert (code, message) == (told["errorType"], told["errorMessage"])
        assert code == posted.headers["lambda-runtime-function-error-type"]
        assert code.encode() in runtime.err


def test_a_setting_that_cannot_be_is_an_init_error():
    """A wrong setting is told with its name, not by a trace."""
    with Runtime(MLFLOW_SERVERLESS_LOG="loud") as runtime:
        posted = runtime.api.wait_init_error()

        assert b"MLFLOW_SERVERLESS_LOG" in posted.body


def test_a_snapshot_is_asked_for_and_its_socket_dropped():
    """SnapStart: loaded, then restored, then served on a connection of its own."""
    with Runtime(AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") as runtime:
        assert b"1" == runtime.api.invoke(b"settled x").body
        assert ["GET restore", "GET next"] == runtime.api.calls[:2]
        assert 2 == runtime.api.connected


def test_more_concurrency_than_one_is_not_assumed():
    """Whatever Lambda offers, one event is asked for at a time."""
    with Runtime(AWS_LAMBDA_MAX_CONCURRENCY="16") as runtime:
        ids = [runtime.api.push(Event(b"wait 0.1")) for _ in range(3)]
        runtime.api.wait(ids[0])

        assert 1 == len(runtime.api.posted)


def test_put_off_work_is_done_once_after_the_second_answer(runtime):
    """An environment that answers once does not pay for later answers' speed."""
    counts = [runtime.api.invoke(b"settled x").body for _ in range(4)]

    assert [b"0", b"0", b"1", b"1"] == counts


def test_what_was_fetched_is_shared_after_the_first_answer(runtime):
    """Others gain by it even if this environment is never used again."""
    counts = [runtime.api.invoke(b"shared x").body for _ in range(2)]

    assert [b"0", b"1"] == counts


def test_put_off_work_is_not_begun_without_time(runtime):
    """With the deadline near, or no budget, it waits for a better moment."""
    runtime.api.invoke(b"settled x")
    second = runtime.api.invoke(b"settled x", deadline_s=0.2)
    third = runtime.api.invoke(b"settled x")
    fourth = runtime.api.invoke(b"settled x")

    assert [b"0", b"0", b"1"] == [second.body, third.body, fourth.body]
