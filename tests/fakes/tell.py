"""Listeners for events."""


def silent(event: str, /, **fields: object) -> None:
    """Hear nothing."""


class Heard:
    """Remembers every event with its fields."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def __call__(self, event: str, /, **fields: object) -> None:
        self.events.append((event, fields))

    def names(self) -> list[str]:
        """Of the events, in order."""
        return [event for event, _ in self.events]
