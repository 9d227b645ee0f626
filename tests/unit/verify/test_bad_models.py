"""Models that cannot be proved equal to anything, each with its own clear error."""

import itertools

import mlflow
import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.errors import Kind
from mlflow_serverless.verify import ParityOptions, examine
from mlflow_serverless.verify.errors import (
    BadSampleFileError,
    ExampleMismatchError,
    ModelFailsOnItsExampleError,
    ModelNotLoadableError,
    NonDeterministicModelError,
    NothingComparedError,
)
from tests.unit.verify.saved import save_python

QUICK = ParityOptions(samples=50, boundary_rows=100)

ROWS = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.5, 0.25, 0.125]})


class Dice(mlflow.pyfunc.PythonModel):
    """Answers something else every time."""

    def predict(self, context, model_input, params=None):
        """Noise on top of a sum."""
        noise = np.random.default_rng().random(len(model_input))
        return model_input["a"].to_numpy() + noise


class Fickle(mlflow.pyfunc.PythonModel):
    """Changes its mind about labels only."""

    turns = itertools.count()

    def predict(self, context, model_input, params=None):
        """One label, then another."""
        return np.array(["odd" if next(self.turns) % 2 else "even"] * len(model_input))


class Refuser(mlflow.pyfunc.PythonModel):
    """Always fails."""

    def predict(self, context, model_input, params=None):
        """Raise what a broken model raises."""
        message = "the lookup table is empty"
        raise RuntimeError(message)


class Shaky(mlflow.pyfunc.PythonModel):
    """Moves by rounding, as threads that add in any order do."""

    turns = itertools.count()

    def predict(self, context, model_input, params=None):
        """A sum, one ulp up every other time."""
        total = model_input["a"].to_numpy() + 1.0
        return np.nextafter(total, np.inf) if next(self.turns) % 2 else total


def test_a_model_that_rolls_dice_is_refused(tmp_path):
    """
    Asked twice, it answers differently: nothing can be equal to it.
    """
    servable = save_python(Dice(), ROWS, tmp_path / "m", example=ROWS)

    with pytest.raises(NonDeterministicModelError, match="3 rows") as caught:
        examine(servable, [], options=QUICK)

    assert caught.value.kind is Kind.REFUSED


def test_labels_that_change_are_refused(tmp_path):
    """
    Labels have no rounding: any change is a refusal.
    """
    servable = save_python(Fickle(), ROWS, tmp_path / "m", example=ROWS)

    with pytest.raises(NonDeterministicModelError):
        examine(servable, [], options=QUICK)


def test_rounding_noise_is_reported_not_refused(tmp_path):
    """
    A score that moves by an ulp between calls is the same score; the report says so.
    """
    servable = save_python(Shaky(), ROWS, tmp_path / "m", example=ROWS)

    assert 0 < examine(servable, [], options=QUICK).noise < 1e-12


def test_a_model_that_fails_on_its_example_is_refused(tmp_path):
    """
    The model's own words are passed on.
    """
    servable = save_python(Refuser(), ROWS, tmp_path / "m", example=ROWS)

    with pytest.raises(ModelFailsOnItsExampleError, match="lookup table is empty"):
        examine(servable, [], options=QUICK)


def test_an_example_without_a_column_is_refused(tmp_path):
    """
    An example that lacks a column of the signature is named as such.
    """
    example = ROWS[["a"]]
    servable = save_python(Shaky(), ROWS, tmp_path / "m", example=example)

    with pytest.raises(ExampleMismatchError, match="lacks the columns"):
        examine(servable, [], options=QUICK)


def test_an_example_of_another_type_is_refused(tmp_path):
    """
    Text where the signature says double violates it.
    """
    example = ROWS.assign(b=["x", "y", "z"])
    servable = save_python(Shaky(), ROWS, tmp_path / "m", example=example)

    with pytest.raises(ExampleMismatchError, match="column b"):
        examine(servable, [], options=QUICK)


def test_a_model_that_refuses_everything_proves_nothing(tmp_path):
    """
    Without one answer there is nothing to compare, and that is an error.
    """
    servable = save_python(Refuser(), ROWS, tmp_path / "m")

    with pytest.raises(NothingComparedError, match="lookup table"):
        examine(servable, [], options=QUICK)


def test_an_unloadable_model_is_named(tmp_path):
    """
    A folder that pyfunc cannot load is an error of its own.
    """
    servable = save_python(Shaky(), ROWS, tmp_path / "m")
    (tmp_path / "m" / "python_model.pkl").write_bytes(b"not a pickle")

    with pytest.raises(ModelNotLoadableError):
        examine(servable, [], options=QUICK)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.csv", None, "No such file"),
        ("rows.txt", "a,b", "are read"),
        ("rows.csv", "a\n1\n", "lacks the columns"),
        ("rows.json", "[1, 2", "Expecting"),
        ("rows.csv", "a,b\n1,pear\n", "column 'b'"),
    ],
)
def test_a_bad_sample_file_is_explained(tmp_path, name, content, says):
    """
    The user's own rows: what is wrong with them, and with which column.
    """
    servable = save_python(Shaky(), ROWS, tmp_path / "m")
    path = tmp_path / name
    if content is not None:
        path.write_text(content)

    with pytest.raises(BadSampleFileError, match=says):
        examine(servable, [], options=ParityOptions(samples=50, data=path))
