"""Selecting columns."""

from typing import Any

import numpy as np
from sklearn import feature_selection as fs

from mlflow_serverless.convert.lower.frame import Frame, frame_of
from mlflow_serverless.convert.lower.registry import Data, lowers

SELECTORS = (
    fs.GenericUnivariateSelect, fs.RFE, fs.RFECV, fs.SelectFdr, fs.SelectFpr,
    fs.SelectFromModel, fs.SelectFwe, fs.SelectKBest, fs.SelectPercentile,
    fs.SequentialFeatureSelector, fs.VarianceThreshold,
)  # fmt: skip


@lowers(*SELECTORS)
def selected(selector: Any, data: Data) -> Frame:
    """The columns that were kept."""
    return frame_of(data).take(np.flatnonzero(selector.get_support()).tolist())
