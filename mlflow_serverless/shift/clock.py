"""The time of this machine."""

from datetime import UTC, datetime


class SystemClock:
    """A `world.Clock`."""

    @staticmethod
    def now() -> datetime:
        """The present, UTC."""
        return datetime.now(UTC)
