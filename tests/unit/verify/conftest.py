"""What the tests of this room share."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def numbers() -> pd.DataFrame:
    """Four float columns, no gaps."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(400, 4)), columns=list("abcd"))


@pytest.fixture(scope="session")
def prices() -> pd.DataFrame:
    """Float columns rounded to tenths, as people record them."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {name: rng.normal(50, 20, 400).round(1) for name in ("x", "y", "z")}
    )
