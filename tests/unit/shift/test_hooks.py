"""Asking others."""

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mlflow_serverless.shift import Strategy
from mlflow_serverless.shift.decide import Failed, Passed
from mlflow_serverless.shift.errors import BadHookError
from mlflow_serverless.shift.hooks import Configured, NoHooks, caller
from mlflow_serverless.shift.rollout import Moment, Rollout
from tests.fakes.rollout_cloud import NAME, published

ROLLOUT = Rollout(
    baseline="1", candidate="2", strategy=Strategy(name="canary", stages=()),
    begun=1, since=1,
)  # fmt: skip
ASKED: list[dict[str, object]] = []


def agrees(question: dict[str, object]) -> None:
    """Says yes by saying nothing against it."""
    ASKED.append(question)


def objects(_question: dict[str, object]) -> bool:
    """Says no."""
    return False


def breaks(_question: dict[str, object]) -> None:
    """Fails."""
    message = "broken"
    raise ValueError(message)


def waits(_question: dict[str, object]) -> None:
    """Says nothing for longer than anybody waits."""
    threading.Event().wait(5)


def _ask(hook: str, **more: object):
    hooks = Configured(hooks={Moment.BEFORE: hook}, timeout_s=0.5, **more)
    return hooks.ask(Moment.BEFORE, NAME, ROLLOUT)


def test_without_hooks_all_is_well():
    """
    No hook is no objection.
    """
    assert Passed() == _ask("") == NoHooks().ask(Moment.AFTER, NAME, ROLLOUT)


@pytest.fixture(autouse=True)
def _found(monkeypatch):
    monkeypatch.setitem(sys.modules, "hooks_of_this_test", sys.modules[__name__])


def test_a_callable_is_told_what_it_is_about():
    """
    A Python hook gets moment, deployment and versions, and passes by default.
    """
    ASKED.clear()

    assert Passed() == _ask("python:hooks_of_this_test:agrees")
    assert [("before", NAME, "1", "2")] == [
        (q["moment"], q["deployment"], q["baseline"], q["candidate"]) for q in ASKED
    ]


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("python:hooks_of_this_test:objects", "returned False"),
        ("python:hooks_of_this_test:breaks", "ValueError: broken"),
        ("python:hooks_of_this_test:waits", "no answer within 0.5 s"),
        ("python:hooks_of_this_test:gone", "AttributeError"),
        ("python:nosuchmodule:f", "ModuleNotFoundError"),
        (f"command:{sys.executable} -c 'import sys; sys.exit(\"not now\")'", "not now"),
        (f"command:{sys.executable} -c 'input(); input()'", "EOF"),
        ("command:/no/such/program", "FileNotFoundError"),
        ("lambda:other", "cannot be called from here"),
        ("http://127.0.0.1:1/", "refused"),
    ],
)
def test_whatever_is_not_a_yes_is_a_no(hook: str, said: str):
    """
    A no, a crash, silence and absence all hold, each with its reason.
    """
    answer = _ask(hook)

    assert isinstance(answer, Failed)
    assert said in answer.why


def test_a_command_reads_the_question():
    """
    A command gets the question on its standard input; ending with 0 is a yes.
    """
    script = "import json,sys; sys.exit(json.load(sys.stdin)['candidate'] != '2')"

    hooks = Configured(
        hooks={Moment.AFTER: f'command:{sys.executable} -c "{script}"'}, timeout_s=20
    )

    assert Passed() == hooks.ask(Moment.AFTER, NAME, ROLLOUT)


@pytest.mark.parametrize(
    ("answer", "passes"),
    [(b'{"ok": true}', True), (b"null", True), (b'{"ok": false}', False)],
)
def test_a_function_may_object(answer: bytes, passes: bool):  # noqa: FBT001
    """
    A function passes unless it fails or answers that it is not ok.
    """
    cloud = published()
    cloud.answer = lambda _: answer
    said = _ask(f"lambda:{NAME}", invoker=cloud)

    assert passes is isinstance(said, Passed)
    cloud.error = "Unhandled"
    assert isinstance(_ask(f"lambda:{NAME}", invoker=cloud), Failed)


@contextmanager
def _server(status: int) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            ASKED.append(
                json.loads(self.rfile.read(int(self.headers["content-length"])))
            )
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "passes"), [(200, True), (204, True), (409, False)])
def test_http_passes_with_2xx(status: int, passes: bool):  # noqa: FBT001
    """
    The question is posted; 2xx is a yes, anything else a no with its status.
    """
    ASKED.clear()
    with _server(status) as url:
        hooks = Configured(hooks={Moment.BEFORE: url}, timeout_s=10)
        said = hooks.ask(Moment.BEFORE, NAME, ROLLOUT)

    assert passes is isinstance(said, Passed)
    assert NAME == ASKED[0]["deployment"]


@pytest.mark.parametrize("hook", ["ftp://x", "python:", "command", "x:y"])
def test_what_cannot_be_called_is_refused(hook: str):
    """
    A hook that names no way to be called is a mistake in the configuration.
    """
    with pytest.raises(BadHookError):
        caller(hook, None, 1.0)
