"""A process like the real one, whose service does what each request tells it to.

Run as `python -I -S tests/fakes/loop_app.py`; the request body says what to do.
"""

import os
import sys
import time

sys.path.append(__file__.rpartition("/tests/")[0])

from lambda_runtime.app import App
from lambda_runtime.exchange import Request, Response
from lambda_runtime.faults import BadRequest, BrokenBundle, Internal
from lambda_runtime.record import NamedTuple
from lambda_runtime.runtime_api import RuntimeApi
from lambda_runtime.settings import read
from lambda_runtime.start import serve_lambda
from lambda_runtime.telemetry import Facts


class Timing(NamedTuple):
    """What the protocol measures."""

    rows: int = 1
    decode_us: float = 10.4
    run_us: float = 20.0
    encode_us: float = 30.0


class Obedient:
    """A service that does what the body's first word says."""

    def __init__(self) -> None:
        self.last = Timing()
        self.settled = self.shared = 0

    def respond(self, request: Request) -> Response:
        """Do as told; anything else is echoed."""
        word, _, rest = request.body.partition(b" ")
        self.last = Timing()
        answer = getattr(self, "do_" + word.decode("latin-1"), None)
        body = answer(rest) if answer else request.body
        return Response(200, {"content-type": "application/json"}, body)

    def do_crash(self, rest: bytes) -> bytes:
        """A bug of ours."""
        raise ZeroDivisionError(rest.decode())

    def do_refuse(self, rest: bytes) -> bytes:
        """The caller's mistake."""
        raise BadRequest(rest.decode())

    def do_fail(self, rest: bytes) -> bytes:
        """Our failure, told as one."""
        raise Internal(rest.decode())

    def do_size(self, rest: bytes) -> bytes:
        """An answer of so many bytes."""
        return b"7" * int(rest)

    def do_env(self, rest: bytes) -> bytes:
        """One environment variable."""
        return b'"' + os.environ.get(rest.decode(), "").encode() + b'"'

    def do_wait(self, rest: bytes) -> bytes:
        """Take so many seconds, and say so before."""
        sys.stderr.write("waits\n")
        sys.stderr.flush()
        time.sleep(float(rest))
        return b"0"

    def do_settled(self, _rest: bytes) -> bytes:
        """How often put-off work was done."""
        return b"%d" % self.settled

    def do_shared(self, _rest: bytes) -> bytes:
        """How often what was fetched was shared."""
        return b"%d" % self.shared

    def do_search(self, rest: bytes) -> bytes:
        """How many live objects hold the text whose hex digits are given."""
        secret = bytes.fromhex(rest.decode())
        return b"%d" % len(holders(secret))

    def settle(self, _until_ms: int) -> bool:
        """Count."""
        self.settled += 1
        return True

    def share(self, _until_ms: int) -> bool:
        """Count."""
        self.shared += 1
        return True


def holders(secret: bytes) -> list:
    """Live bytes, texts and buffers, in any container or frame, that hold *secret*."""
    import gc

    gc.collect()
    seen, found = set(), []
    # Containers of atoms only are not tracked: they are reached from those that are.
    waiting = list(gc.get_objects())
    while waiting:
        for item in gc.get_referents(waiting.pop()):
            if id(item) in seen or item is secret:
                continue
            seen.add(id(item))
            if isinstance(item, str):
                item = item.encode("utf-8", "replace")  # noqa: PLW2901
            content = content_of(item)
            if content is None:
                waiting.append(item)
            elif secret in content:
                found.append(item)
    return found


def content_of(item: object) -> bytes | bytearray | None:
    """What lies in *item*'s memory if it is some: arrays and native buffers too."""
    if isinstance(item, bytes | bytearray):
        return item
    if isinstance(item, type):
        return None
    try:
        return memoryview(item).tobytes()
    except (TypeError, ValueError, BufferError, NotImplementedError):
        return None  # nothing that has memory of its own, or memory that is given back


def _app(_settings: object) -> App:
    broken = os.environ.get("BREAK")
    if broken == "bundle":
        code, why = "digest-mismatch", "model.onnx is not what it was"
        raise BrokenBundle(code, why)
    if broken == "crash":
        why = "no reason"
        raise ZeroDivisionError(why)
    service = Obedient()

    def close() -> None:
        os.write(2, b"closed\n")

    facts = Facts("fraud", "3", "iris", "7", "ort-c", 12.5, (("bundle", 0.4),))
    return App(
        service, lambda: facts, settle=service.settle, share=service.share, close=close
    )


if __name__ == "__main__":
    sys.exit(
        serve_lambda(
            RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"]),
            lambda: read(os.environ, root="/nowhere"),
            _app,
        )
    )
