"""The real runtime, which can be asked what it still holds.

An event `search <hex>` is answered with the number of live objects that contain the
bytes; every other event goes its usual way.
"""

import sys

ROOT = __file__.rpartition("/tests/")[0]
sys.path.append(ROOT)

from lambda_runtime import loop  # noqa: E402
from lambda_runtime.start import main  # noqa: E402
from tests.fakes.loop_app import holders  # noqa: E402

answer = loop._answer


def searching(api: object, handle: object, invocation: object) -> loop.Outcome:
    """Search when asked to, else answer as ever."""

    def search_or_handle(event: bytes) -> loop.Outcome:
        word, _, rest = event.partition(b" ")
        if word != b"search":
            return handle(event)
        found = holders(bytes.fromhex(rest.decode()))
        return loop.Outcome(b"%d" % len(found))

    return answer(api, search_or_handle, invocation)


if __name__ == "__main__":
    loop._answer = searching
    sys.exit(main([], root=ROOT, born_ns=0))
