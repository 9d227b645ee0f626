"""How one model is loaded and asked: `options["native"]` of the manifest."""

from __future__ import annotations

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEY = "native"
"""The manifest's option that holds a recipe."""

LOADERS = ("sklearn", "xgboost", "lightgbm", "catboost", "statsmodels", "pyfunc")


class Recipe(NamedTuple):
    """What the deployer found in the model's MLmodel, and decided."""

    loader: str
    """One of `LOADERS`; `pyfunc` is mlflow itself."""
    file: str = ""
    """The model's own file, beside MLmodel; empty for `pyfunc`."""
    format: str = ""
    """`pickle`, `cloudpickle`, `skops`; for CatBoost its own format's name; empty for
    the other libraries' own."""
    trusted: tuple[str, ...] = ()
    """Types that a skops file may hold; no other is loaded."""
    model_class: str = ""
    """Dotted name of the class that reads the library's own format."""
    code: tuple[str, ...] = ()
    """Folders beside MLmodel that hold the model's own modules."""
    predict_fn: str = "predict"
    matrix: str = ""
    """Element type of the one matrix that the model takes; empty for a DataFrame."""


def recipe_of(options: Mapping[str, Any]) -> Recipe:
    """
    Read the recipe in a manifest's *options*.

    Raises:
        BrokenBundle: `manifest-malformed`; there is none, or it is not one.
    """
    try:
        said = dict(options[KEY])
        known = {name: said[name] for name in Recipe._fields if name in said}
        recipe = Recipe(**known)._replace(
            trusted=tuple(known.get("trusted", ())), code=tuple(known.get("code", ()))
        )
    except (KeyError, TypeError, ValueError) as cause:
        why = f"options.{KEY} is not a recipe: {cause}"
        raise BrokenBundle("manifest-malformed", why) from cause
    if recipe.loader not in LOADERS:
        raise BrokenBundle(
            "engine-unknown",
            f"native loader {recipe.loader!r} is none of {', '.join(LOADERS)}",
        )
    return recipe
