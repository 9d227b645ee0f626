"""How a variant wants its session made: one answer for both ONNX Runtime engines."""

from __future__ import annotations

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.manifest import Variant

MAPS_ORT_FILES = (1, 28)
"""First release measured to know `session.use_memory_mapped_ort_model`."""

LEVEL_NONE, LEVEL_ALL = 0, 99
"""`GraphOptimizationLevel`."""


ARENA_FROM_US = 20.0
"""Shorter runs are quicker without ONNX Runtime's own pool of memory [us]: they need
little, and the C library hands that out in fewer steps."""


class Options(NamedTuple):
    """What a session is created with."""

    threads: int
    level: int
    """`GraphOptimizationLevel`."""
    entries: tuple[tuple[str, str], ...]
    """Session configuration keys (onnxruntime_session_options_config_keys.h)."""
    arena: bool = True
    """Whether memory comes from a pool that is kept between runs."""


def options_for(variant: Variant, *, threads: int, version: str) -> Options:
    """
    The session options of *variant* under ONNX Runtime *version*.

    Spinning is off: between two requests it burns ten times the request's CPU.
    """
    entries = [
        ("session.intra_op.allow_spinning", "0"),
        ("session.inter_op.allow_spinning", "0"),
    ]
    if not variant.prepack:
        entries.append(("session.disable_prepacking", "1"))
    if variant.format == "ort":
        entries.append(("session.load_model_format", "ORT"))
        if _release(version) >= MAPS_ORT_FILES:
            # Together they leave the weights where they are: in the file's pages.
            entries.append(("session.use_memory_mapped_ort_model", "1"))
            entries.append(("session.use_ort_model_bytes_for_initializers", "1"))
    done = variant.optimised or variant.format == "ort"
    level = LEVEL_NONE if done else LEVEL_ALL
    arena = variant.run_us is None or variant.run_us >= ARENA_FROM_US
    return Options(threads, level, tuple(entries), arena)


def _release(version: str) -> tuple[int, int]:
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if major.isdigit() and minor.isdigit():
        return int(major), int(minor)
    return 0, 0
