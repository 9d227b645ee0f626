"""Which differences between two sets of libraries matter, decided without either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.environment.compare import MATTERS, Difference, differences, pins
from mlflow_serverless.environment.uv import culprit, reason

HERE = {
    "scikit-learn": "1.9.1", "numpy": "2.4.6", "pandas": "3.1.1",
    "xgboost-cpu": "3.2.0", "cloudpickle": "3.1.2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scikit-learn==1.9.0", ()),
        ("scikit-learn==1.8.0", (Difference("scikit-learn", "1.8.0", "1.9.1"),)),
        ("scikit_learn==1.8.0", (Difference("scikit-learn", "1.8.0", "1.9.1"),)),
        ("scikit-learn", ()),
        ("scikit-learn>=1.5", ()),
        ("numpy==2.1.0", ()),
        ("numpy==1.26.4", (Difference("numpy", "1.26.4", "2.4.6"),)),
        ("pandas==2.3.0 ; python_version >= '3.9'", (
            Difference("pandas", "2.3.0", "3.1.1"),
        )),
        ("xgboost==3.2.1", ()),
        ("xgboost-cpu==3.1.0", (Difference("xgboost", "3.1.0", "3.2.0"),)),
        ("lightgbm", (Difference("lightgbm", "", ""),)),
        ("lightgbm==4.6.0", (Difference("lightgbm", "4.6.0", ""),)),
        ("mlflow==2.9.0", ()),
        ("psutil==1.0", ()),
        ("-r other.txt", ()),
        ("code/my_wheel.whl", ()),
    ],
)  # fmt: skip
def test_libraries_that_change_answers_are_compared(line, expected):
    """
    A flavour's library by its minor release, numpy and pandas by their major ones.
    """
    assert expected == differences([line], HERE.get)


def test_a_difference_says_both_versions():
    """
    The reason that is told names what was wanted and what is here.
    """
    assert "scikit-learn 1.8.0 (here: 1.9.1)" == str(
        Difference("scikit-learn", "1.8.0", "1.9.1")
    )


@given(st.sampled_from(sorted(MATTERS)), st.integers(0, 9), st.integers(0, 99))
def test_the_very_version_never_differs(name, major, minor):
    """
    What was recorded from this machine is at home on this machine.
    """
    version = f"{major}.{minor}.3"
    assert () == differences([f"{name}=={version}"], {name: version}.get)


@given(st.text(max_size=60))
def test_any_line_can_be_read(line):
    """
    A requirements file may hold anything; reading it never fails.
    """
    assert len(pins([line])) <= 1


def test_the_requirement_that_cannot_be_met_is_found():
    """
    The resolver's words are searched for the first library they speak of.
    """
    said = (
        "  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:\n"
        "  ╰─▶ Because there is no version of scikit-learn==99.1 and you require\n"
        "      scikit-learn==99.1, we can conclude that your requirements are\n"
        "      unsatisfiable."
    )
    lines = ["numpy==2.4.6", "scikit-learn==99.1"]

    assert "scikit-learn==99.1" == culprit(said, lines)
    assert reason(said).startswith("No solution found")
    assert "" == culprit("nothing that we know", lines)
