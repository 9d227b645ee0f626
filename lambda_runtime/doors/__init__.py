"""One event shape each, to and from `Request` and `Response`.

A door is an event that has been recognised. To add one (queue, stream, bucket): a
module with a class like those in `http`, a line in `wrapped.py`, a sample in
`tests/events/`.
"""

from __future__ import annotations
