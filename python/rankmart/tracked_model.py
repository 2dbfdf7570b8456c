"""The ranker as MLflow keeps it: this file is copied beside the boosters, and loaded from there.

So it imports nothing of Rankmart: a version of the model stays what it was when Rankmart moves
on, and a model server needs no Rankmart.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class TrackedRanker(PythonModel):
    """The sum of the boosters' margins, each times its weight; missing values are NaN."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read `ranker.json` (features, and each booster's file and weight) and the boosters."""
        folder = Path(context.artifacts["ranker"])
        ranker = json.loads((folder / "ranker.json").read_text(encoding="utf-8"))
        self.features: list[str] = ranker["features"]
        self.members = [
            (np.float32(member["weight"]), xgb.Booster(model_file=folder / member["file"]))
            for member in ranker["members"]
        ]

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Scores, float32 (rows,); only their order within a user means something."""
        matrix = model_input[self.features].to_numpy(dtype=np.float32)
        scores = np.zeros(len(matrix), dtype=np.float32)
        for weight, booster in self.members:
            scores += weight * booster.inplace_predict(matrix, predict_type="margin")
        return scores


set_model(TrackedRanker())
