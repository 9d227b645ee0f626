"""What all groups of options have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def need(held: bool, said: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Pydantic turns a ValueError in a validator into a mistake with its key."""
    if not held:
        raise ValueError(said)


class Section(BaseModel):
    """Frozen; unknown keys are mistakes; attribute docstrings become the docs."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True,
        allow_inf_nan=False,
    )  # fmt: skip


def _split(value: Any) -> Any:
    """`a,b` as ("a", "b"); `none` and nothing as ()."""
    if value is None or (isinstance(value, str) and value.strip() in {"", "none"}):
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Several texts; as one text, separated by commas."""
