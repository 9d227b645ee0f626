"""What a tool is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function of ours that serves no model."""

    name: str
    """In a word: `relay`."""
    handler: str
    """`module:function`; called with an event and a context, as by AWS itself."""
    requirements: tuple[str, ...] = ()
    """Distributions that it imports, by name; they and all that they need are taken at
    the versions that are installed here, which are those it was tested with."""
