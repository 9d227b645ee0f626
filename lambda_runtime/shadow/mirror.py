"""Sends requests that were answered to the candidate, in nobody's way.

Every step is taken after an answer is posted and is short: a request is written to a
connection that is open already, and its receipt is read after a later answer. What
cannot be sent at once is dropped and counted: a shadow is a sample.
"""

from __future__ import annotations

import os
from binascii import crc32
from time import monotonic

from lambda_runtime.cache.tier import Miss
from lambda_runtime.faults import Fault
from lambda_runtime.protocol.json_text import loads
from lambda_runtime.shadow.envelope import Pair, wrapped
from lambda_runtime.shadow.note import Shadow, shadow_of
from lambda_runtime.shadow.pool import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.loop import Outcome
    from lambda_runtime.runtime_api import Invocation
    from lambda_runtime.shadow.lambda_api import LambdaApi
    from lambda_runtime.shadow.line import Reply
    from lambda_runtime.shadow.pool import Ended

LINES = 4
"""Most connections: as many requests can be under way."""

_ALIAS, _INVOKE = "alias", "invoke"
_ALIAS_WAIT_S = 0.02
"""How long an alias is waited for: once in a while, with the answer out [s]."""

_AFTER_FAILURE_S = 60.0
_ACCEPTED = 202


class Mirror:
    """
    What the version that serves does for a shadow.

    Args:
        api: Where aliases are read and candidates invoked.
        alias: The alias whose note says what to mirror; only requests that came
            through it are.
        version: Our own version.
        every_s: How often the note is read [s].
        tell: Gets a line when something is amiss.
    """

    def __init__(
        self,
        api: LambdaApi,
        *,
        alias: str,
        version: str,
        every_s: float,
        tell: Callable[[str], object] | None = None,
    ) -> None:
        self._api, self._alias, self._version = api, alias, version
        self._every_s = every_s
        self._tell = tell or _to_standard_error
        self._pool = Pool(api.connect, most=LINES)
        self._shadow: Shadow | None = None
        self._look_at = 0.0
        self.sent = 0
        """Mirrored requests that the other side took."""
        self.dropped: dict[str, int] = {}
        """Those that it did not, by reason, since this was last told."""

    def __call__(self, invocation: Invocation, outcome: Outcome) -> None:
        """Mirror one answered request, if it is to be; a failure is only counted."""
        for ended in self._pool.ended():
            self._take(ended)
        if monotonic() >= self._look_at:
            self._look()
        shadow = self._shadow
        if shadow is not None and self._meant(invocation, outcome, shadow):
            self._send(shadow, invocation, outcome)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _meant(self, invocation: Invocation, outcome: Outcome, shadow: Shadow) -> bool:
        """Whether it is a prediction, for a caller of the alias, and in the sample."""
        if not getattr(outcome.timing, "rows", 0):
            return False
        if not invocation.function_arn.endswith(f":{self._alias}"):
            return False
        return crc32(invocation.request_id.encode()) / 2**32 < shadow.share

    def _send(self, shadow: Shadow, invocation: Invocation, outcome: Outcome) -> None:
        pair = Pair(invocation.event, outcome.body, outcome.status, outcome.took_us)
        envelope = wrapped(pair)
        if envelope is None:
            self._drop("too-large")
            return
        try:
            request = self._api.invoke_later(shadow.candidate, envelope)
            if self._pool.send(_INVOKE, request) is None:
                self._drop("busy")
        except (OSError, Miss) as cause:
            self._drop(type(cause).__name__)

    def _look(self) -> None:
        """Ask for the note again; it is read now, or after a later answer."""
        self._look_at = monotonic() + self._every_s
        self._tell_of_drops()
        try:
            line = self._pool.send(_ALIAS, self._api.get_alias(self._alias))
        except (OSError, Miss) as cause:
            self._unknown(f"{type(cause).__name__}: {cause}")
            return
        if line is not None and (ended := self._pool.poll(line, _ALIAS_WAIT_S)):
            self._take(ended)

    def _take(self, ended: Ended) -> None:
        reply = ended.reply
        if ended.what == _ALIAS:
            self._read(reply, ended.failure)
        elif reply is None:
            self._drop(ended.failure)
        elif reply.status == _ACCEPTED:
            self.sent += 1
        else:
            self._drop(f"status-{reply.status}")

    def _read(self, reply: Reply | None, failure: str) -> None:
        if reply is None or reply.status != 200:
            self._unknown(failure if reply is None else f"status {reply.status}")
            return
        try:
            found = shadow_of(loads(reply.body).get("Description") or "")
        except (ValueError, AttributeError, Fault):
            found = None
        self._shadow = found if found and found.candidate != self._version else None

    def _unknown(self, why: str) -> None:
        """No shadow while its note cannot be read; asked again after a while."""
        self._shadow = None
        self._look_at = monotonic() + max(_AFTER_FAILURE_S, self._every_s)
        self._tell(f"shadow.unknown alias={self._alias} why={why}")

    def _drop(self, why: str) -> None:
        self.dropped[why] = self.dropped.get(why, 0) + 1

    def _tell_of_drops(self) -> None:
        if self.dropped:
            counts = " ".join(f"{why}={n}" for why, n in sorted(self.dropped.items()))
            self._tell(f"shadow.dropped sent={self.sent} {counts}")
            self.dropped = {}


def _to_standard_error(line: str) -> None:
    os.write(2, " ".join(line.split()).encode("utf-8", "replace") + b"\n")
