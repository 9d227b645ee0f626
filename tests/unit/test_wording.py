"""Numbers as people read them."""

import pytest

from mlflow_serverless.wording import amount


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (2_842, "2.8 kB"),
        (40_121_323, "40.1 MB"), (1_300_000_000, "1.3 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)  # fmt: skip
def test_sizes_have_the_unit_that_fits(size, expected):
    """A few kilobytes are not 0.0 MB."""
    assert expected == amount(size)
