"""What every group of options has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen; unknown keys are mistakes; attribute docstrings become the docs."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True,
        allow_inf_nan=False,
    )  # fmt: skip
