"""What every cloud's functions do when they are called."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.plan import DeleteFunction, RouteAlias

pytestmark = pytest.mark.emulator


def refused(code: str):
    """A context in which an error with *code* is raised."""
    return pytest.raises(ServerlessError, match=rf"\[{code}\]$")


def ask(place, qualifier="live", /, **what: object):
    payload = json.dumps(what).encode()
    return place.cloud.invoke(place.name, payload, qualifier=qualifier)


def answer(reply):
    assert reply.error is None, reply.payload
    return json.loads(reply.payload)


def failure(reply) -> tuple[str, str]:
    assert reply.error == "Unhandled"
    value = json.loads(reply.payload)
    return value["errorType"], value["errorMessage"]


def versions(place) -> list[str]:
    return [v.number for v in place.cloud.snapshot(place.name).versions]


def test_a_function_answers_with_its_payload(place):
    """What goes in comes to the function as it is; what it says comes back."""
    place.deploy()

    reply = ask(place, x=[1, 2, 3], text="é")

    assert answer(reply)["echo"] == {"x": [1, 2, 3], "text": "é"}
    assert versions(place) == [reply.version]
    assert reply.status == 200


def test_the_first_call_is_cold_and_the_next_is_not(place):
    """An environment is made once and used again."""
    place.deploy()

    first, *rest = [ask(place) for _ in range(5)]

    assert first.cold
    assert 0 < first.init_ms < 10_000
    assert [(reply.cold, reply.init_ms) for reply in rest] == [(False, None)] * 4
    assert len({answer(reply)["pid"] for reply in (first, *rest)}) == 1
    assert all(0 < reply.duration_ms < 5_000 for reply in rest)


def test_requests_at_once_never_share_an_environment(place):
    """One request an environment; a burst starts more."""
    place.deploy()

    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda _: ask(place, do="sleep", s=0.5), range(3)))

    assert len({answer(reply)["pid"] for reply in replies}) == 3


def test_more_at_once_than_reserved_are_throttled(place):
    """Reserved concurrency is a limit, and every request gets an answer."""
    place.deploy(concurrency=1)
    ask(place)

    def call(_) -> str:
        try:
            return answer(ask(place, do="sleep", s=0.4))["version"]
        except ServerlessError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(call, range(4)))

    assert [*versions(place), *["throttled"] * 3] == found
    assert ask(place).error is None


def test_a_reservation_of_none_stops_a_function(place):
    """Concurrency 0 is the switch that turns a function off, and on again."""
    place.deploy(concurrency=0)
    with refused("throttled"):
        ask(place)

    place.deploy(concurrency=None)

    assert ask(place).error is None


def test_weights_are_honoured(place):
    """Of 200 calls at 70/30, each version gets its share within five deviations."""
    place.deploy(0)
    place.deploy(1)
    old, new = versions(place)
    place.cloud.perform(RouteAlias(place.name, "live", old, ((new, 0.3),)))

    seen = [ask(place).version for _ in range(200)]

    deviation = (200 * 0.3 * 0.7) ** 0.5
    assert pytest.approx(seen.count(new), abs=5 * deviation) == 60
    assert {old, new} == set(seen)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_of_nothing_and_all_are_exact(place, share):
    """No request strays."""
    place.deploy(0)
    place.deploy(1)
    old, new = versions(place)
    place.cloud.perform(RouteAlias(place.name, "live", old, ((new, share),)))

    assert {new if share else old} == {ask(place).version for _ in range(20)}


def test_an_update_is_seen_by_the_next_call(place):
    """Once an alias has moved, no request goes to where it was."""
    place.deploy(0)
    before = ask(place).version
    place.deploy(1)

    assert [before] == versions(place)[:1]
    assert versions(place)[1:] == [ask(place).version]


def test_versions_and_latest_can_be_called(place):
    """A number calls that version, `$LATEST` the function as it is now."""
    place.deploy(0)
    place.deploy(1)

    for number in versions(place):
        assert number == answer(ask(place, number))["version"]
    assert answer(ask(place, "$LATEST"))["version"] == "$LATEST"


def test_what_is_not_there_cannot_be_called(place):
    """With an error that says so."""
    with refused("no-such-deployment"):
        ask(place)
    place.deploy()
    for qualifier in ("999999", "nobody"):
        with refused("no-such-version"):
            ask(place, qualifier)
    ask(place)
    place.cloud.perform(DeleteFunction(place.name))
    with refused("no-such-deployment"):
        ask(place)


def test_a_function_error_is_told_and_the_environment_goes_on(place):
    """What the function raised is the payload; its process lives."""
    place.deploy()
    pid = answer(ask(place))["pid"]

    assert failure(ask(place, do="raise", message="no")) == ("RuntimeError", "no")
    assert pid == answer(ask(place))["pid"]


def test_a_timeout_ends_the_environment(place):
    """The caller hears of it in time; the next call has a new environment."""
    place.deploy(timeout_s=1)
    pid = answer(ask(place))["pid"]
    began = time.monotonic()

    kind, message = failure(ask(place, do="sleep", s=30))

    assert 0.9 < time.monotonic() - began < 3
    assert kind == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in message
    reply = ask(place)
    assert reply.cold
    assert pid != answer(reply)["pid"]


def test_a_crash_ends_the_environment(place):
    """With how the process ended; the next call is answered."""
    place.deploy()

    kind, message = failure(ask(place, do="exit", code=3))

    assert kind == "Runtime.ExitError"
    assert message.endswith("Runtime exited with error: exit status 3")
    assert ask(place).cold


def test_too_much_memory_ends_the_environment(place):
    """As the kernel would: killed."""
    place.deploy(memory_mb=128)

    kind, message = failure(ask(place, do="allocate", mb=300))

    assert kind == "Runtime.ExitError"
    assert message.endswith("signal: killed")
    assert ask(place).error is None


def test_a_failed_init_is_told_with_its_type(place):
    """What the runtime said of its initialisation is the payload."""
    place.deploy(environment=(("FAIL_INIT", "Runtime.BundleBroken"),))

    assert failure(ask(place)) == ("Runtime.BundleBroken", "no model")
    assert failure(ask(place)) == ("Runtime.BundleBroken", "no model")


def test_a_process_that_dies_while_it_starts_is_told(place):
    """Even if it could not say why."""
    place.deploy(environment=(("EXIT_INIT", "9"),))

    kind, message = failure(ask(place))

    assert kind == "Runtime.ExitError"
    assert message.endswith("exit status 9")


def test_the_largest_payload_passes_and_a_larger_one_is_refused(place):
    """6 MB each way, and a clear error beyond."""
    place.deploy(memory_mb=512)
    frame = len(json.dumps({"do": "event", "x": ""}))
    fits = "x" * (SYNC_PAYLOAD_BYTES - frame)

    assert fits == answer(ask(place, do="event", x=fits))["x"]
    with refused("payload-too-large"):
        ask(place, do="event", x=f"{fits}x")


def test_an_answer_that_is_too_large_is_an_error(place):
    """The caller hears of it, and the environment goes on."""
    place.deploy()

    kind, message = failure(ask(place, do="long", bytes=SYNC_PAYLOAD_BYTES))

    assert kind == "Function.ResponseSizeTooLarge"
    assert str(SYNC_PAYLOAD_BYTES) in message
    assert not ask(place).cold


def test_a_function_sees_its_own_variables_and_no_others(place):
    """Lambda's, ours, and those it was configured with."""
    os.environ["LEAKED"] = "secret"
    place.deploy(environment=(("MINE", "é=1"),), memory_mb=300)

    seen = answer(ask(place, do="environ"))

    del os.environ["LEAKED"]
    assert seen["MINE"] == "é=1"
    assert "LEAKED" not in seen
    assert (place.name, "300", "1") == (
        seen["AWS_LAMBDA_FUNCTION_NAME"],
        seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        seen["ORT_DISABLE_TELEMETRY"],
    )
    assert versions(place) == [seen["AWS_LAMBDA_FUNCTION_VERSION"]]


def test_every_request_is_in_the_log(place):
    """START, what it printed, END and REPORT, in order of time."""
    place.deploy()
    ask(place, do="print", text="hello there")
    assert len(list(place.cloud.logs(place.name))) == 4
    began = datetime.now(UTC)
    ask(place, do="print", text="and again")

    lines = list(place.cloud.logs(place.name))
    later = list(place.cloud.logs(place.name, since=began))

    kinds = [line.text.partition(" ")[0] for line in lines]
    assert [kind if kind != "and" else "hello" for kind in kinds] == [
        "START",
        "hello",
        "END",
        "REPORT",
    ] * 2
    assert lines[4:] == later
    assert sorted(line.at for line in lines) == [line.at for line in lines]
    assert len({line.environment for line in lines}) == 1
    assert "Init Duration" in lines[3].text
    assert "Init Duration" not in lines[7].text


def test_the_reply_carries_the_tail_of_its_log(place):
    """What the function printed for this request, and nothing of another."""
    place.deploy()

    assert "one" in ask(place, do="print", text="one").log
    assert "one" not in ask(place).log


def test_failures_are_in_the_log(place):
    """A timeout is a line, and its report says so."""
    place.deploy(timeout_s=1)
    ask(place, do="sleep", s=10)

    texts = [line.text for line in place.cloud.logs(place.name)]

    assert any("Task timed out after 1.00 seconds" in text for text in texts)
    assert texts[-1].endswith("Status: timeout")


def test_embedded_metrics_are_metrics(place):
    """Every line with `_aws` is one mapping, even if printed after the answer."""
    line = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}, "rows": 3}
    place.deploy(environment=(("AFTERWARDS", json.dumps(line)),))
    for _ in range(3):
        ask(place)

    assert [line] * 3 == list(place.cloud.metrics(place.name))


def test_what_died_is_measured(place):
    """A request that ends without an answer is a failure, and counts once."""
    place.deploy(timeout_s=1)
    ask(place, do="sleep", s=10)
    ask(place, do="exit", code=9)
    ask(place)

    found = [line["Status"] for line in place.cloud.metrics(place.name)]

    assert [504, 502] == found


def test_nobody_hears_of_other_functions(place):
    """Logs and metrics belong to one name."""
    place.deploy()
    ask(place)

    assert list(place.cloud.logs(f"{place.name}-other")) == []
