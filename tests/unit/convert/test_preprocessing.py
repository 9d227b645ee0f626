import numpy as np
import pandas as pd
import pytest

from lambda_runtime.manifest import Check
from tests.fakes.lowering import marks, same, served
from tests.models import preprocessing

pytestmark = pytest.mark.filterwarnings("ignore")

LOOSE = {"near-rows-distance": 1e-6}
"""scikit-learn's own distances with gaps cancel; ours are added up exactly."""


@pytest.mark.parametrize("name", preprocessing.TRANSFORMERS)
def test_data_is_prepared_as_the_transformer_does(name):
    """
    Numbers, texts, gaps, unseen categories and empty texts come out the same.
    """
    transformer, seen, fresh = preprocessing.TRANSFORMERS[name]()

    for data in (seen, fresh):
        native = transformer.transform(data)
        native = native.toarray() if hasattr(native, "toarray") else native
        native = np.asarray(native)
        native = native.astype(float) if native.dtype == bool else native
        exact = LOOSE.get(name, 1e-9)
        same(native, served(transformer, data, "transform"), rtol=exact, atol=exact)


def test_none_and_nan_are_told_apart_in_texts():
    """
    An encoder that has seen both gives each its own column; one that has not, none.
    """
    from sklearn.preprocessing import OneHotEncoder

    texts = [["a"], ["b"], [None], [np.nan], [""]]
    data = pd.DataFrame({"t": pd.Series([t for (t,) in texts], dtype=object)})
    both = OneHotEncoder(handle_unknown="ignore").fit(data)
    one = OneHotEncoder(handle_unknown="ignore").fit(data.iloc[[0, 1, 3]])

    same(both.transform(data), served(both, data, "transform"))
    same(one.transform(data), served(one, data, "transform"))


def test_an_unknown_category_is_marked_where_the_encoder_makes_it_an_error():
    """
    Known rows are answered as ever; the graph says which row is refused, and why.
    """
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    data = pd.DataFrame({"t": ["a", "b", "a"]})
    for encoder in (OneHotEncoder().fit(data), OrdinalEncoder().fit(data)):
        same(encoder.transform(data), served(encoder, data, "transform"))
        rows = pd.DataFrame({"t": ["a", "c"]})
        assert (Check("unseen", "t"), [0, 1]) == marks(encoder, rows, "transform")


def test_minus_zero_is_the_category_zero():
    """
    Numbers that are equal are one category, whatever their bits.
    """
    from sklearn.preprocessing import OneHotEncoder

    seen = pd.DataFrame({"x": [0.0, 1.0, np.nan]})
    encoder = OneHotEncoder(handle_unknown="ignore").fit(seen)
    fresh = pd.DataFrame({"x": [-0.0, 1.0, np.nan, 2.0]})

    same(encoder.transform(fresh), served(encoder, fresh, "transform"))


@pytest.mark.parametrize("value", [1e-300, 1e-17, -1e-9, 0.5, 30.0, 700.0, -0.999999])
def test_small_and_large_logarithms_are_exact(value):
    """
    log1p and expm1 keep their precision where log(1 + x) and exp(x) - 1 lose it.
    """
    from sklearn.preprocessing import FunctionTransformer

    data = pd.DataFrame({"x": [value]})
    for func in (np.log1p, np.expm1):
        model = FunctionTransformer(func).fit(data)
        native = model.transform(data).to_numpy()
        same(native, served(model, data, "transform"), rtol=1e-14, atol=0)


def test_rows_that_are_equally_near_are_left_to_the_library():
    """
    Which of several equally near rows count, only scikit-learn's partition knows.
    """
    from sklearn.impute import KNNImputer
    from sklearn.neighbors import KNeighborsRegressor

    from mlflow_serverless.convert.errors import NoConversionError

    gaps = np.array([[1.0, 2.0], [1.0, 5.0], [3.0, np.nan], [4.0, 7.0]])
    twice = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]])
    models = {
        "transform": KNNImputer(n_neighbors=2).fit(gaps),
        "predict": KNeighborsRegressor(1).fit(twice, [0.0, 1.0, 2.0]),
    }

    for method, model in models.items():
        with pytest.raises(NoConversionError, match=r"equally near|the same"):
            served(model, twice, method)
