"""Missing values of features, for XGBoost: lower than any value there is.

XGBoost learns at each split where rows without a value go, and predicts such rows by slower code.
Trained on rows where a number below all others stands in for what is missing, it has nothing to
learn of it. The boosters are told
that missing values go where the lowest go, so that NaN and that number are the same to them, and
whoever loads them needs to know of neither.
"""

import json

import numpy as np
import numpy.typing as npt
import xgboost as xgb

LOWEST = np.float32(-1e30)

_ATTRIBUTE = "missing"
_AS_LOWEST = "lowest"


def with_lowest(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A copy with LOWEST in place of NaN.

    >>> with_lowest(np.array([[1.5, np.nan]], dtype=np.float32)).tolist()
    [[1.5, -1.0000000150474662e+30]]
    """
    return np.fmax(matrix, LOWEST)


def missing_as_lowest(booster: xgb.Booster, *, threads: int) -> xgb.Booster:
    """A booster that was trained on `with_lowest`, which takes NaN for LOWEST too.

    Each split of such a booster sends LOWEST to the left; here, missing values as well.
    """
    model = json.loads(booster.save_raw("json"))
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        tree["default_left"] = [1] * len(tree["default_left"])
    told = xgb.Booster({"nthread": threads}, model_file=bytearray(json.dumps(model).encode()))
    told.set_attr(**{_ATTRIBUTE: _AS_LOWEST})
    return told


def takes_lowest(booster: xgb.Booster) -> bool:
    """Whether `missing_as_lowest` made it; one of an earlier release may not have been."""
    return bool(booster.attr(_ATTRIBUTE) == _AS_LOWEST)
