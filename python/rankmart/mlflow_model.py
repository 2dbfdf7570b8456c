"""The ranker in MLflow's registry, and the aliases by which others load it."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import packages_distributions, version
from pathlib import Path

import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from rankmart.recorded import RecordedRun

MODEL = "rankmart-ranker"
CHAMPION = "champion"
CHALLENGER = "challenger"


def register(
    client: mlflow.MlflowClient,
    run: RecordedRun,
    members: Sequence[tuple[float, bytes]],
    example: pd.DataFrame,
) -> None:
    """Log the model and give its new version the alias of the run's verdict."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "ranker"
        folder.mkdir()
        _write_model(folder, members, run.parameters["features"])
        model = mlflow.pyfunc.log_model(
            name="ranker",
            # As code: a pickle would load only where the same Rankmart is installed.
            python_model=str(Path(__file__).with_name("tracked_model.py")),
            artifacts={"ranker": str(folder)},
            signature=infer_signature(example, _scores_like(example)),
            input_example=example,
            pip_requirements=list(_requirements()),
        )
    try:
        client.create_registered_model(
            MODEL, description="Rankmart's ranker: features of a user and a product to a score."
        )
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        MODEL,
        source=model.model_uri,
        run_id=model.run_id,
        model_id=model.model_id,
        description=f"{run.verdict}: {run.verdict_reason}",
        tags={"rankmart.run_id": run.run_id, "rankmart.verdict": run.verdict},
    )
    if run.verdict == "published":
        crown(client, str(made.version))
    else:
        client.set_registered_model_alias(MODEL, CHALLENGER, made.version)


def _scores_like(example: pd.DataFrame) -> npt.NDArray[np.float32]:
    return np.zeros(len(example), dtype=np.float32)


def version_of(client: mlflow.MlflowClient, run_id: str) -> str | None:
    """The last version of the model that was logged of a run."""
    found = client.search_model_versions(
        f"name = '{MODEL}' and tags.`rankmart.run_id` = '{run_id}'"
    )
    return max((str(version.version) for version in found), key=int, default=None)


def crown(client: mlflow.MlflowClient, version: str | None) -> None:
    """Let `champion` name this version; None where a generator is published, so nothing is named.

    A `challenger` that is not newer was one of the champion before, and is taken off.
    """
    try:
        held = {alias: str(of) for alias, of in client.get_registered_model(MODEL).aliases.items()}
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return
    if version is not None:
        client.set_registered_model_alias(MODEL, CHAMPION, version)
    elif CHAMPION in held:
        client.delete_registered_model_alias(MODEL, CHAMPION)
    if CHALLENGER in held and (version is None or int(held[CHALLENGER]) <= int(version)):
        client.delete_registered_model_alias(MODEL, CHALLENGER)


def _write_model(
    folder: Path, members: Sequence[tuple[float, bytes]], features: list[str]
) -> None:
    """What rankmart.tracked_model reads."""
    written = []
    for number, (weight, booster) in enumerate(members, start=1):
        file = f"booster_{number}.ubj"
        (folder / file).write_bytes(booster)
        written.append({"file": file, "weight": weight})
    (folder / "ranker.json").write_text(
        json.dumps({"features": features, "members": written}, indent=1), encoding="utf-8"
    )


def _requirements() -> Iterator[str]:
    """What the model needs, as it is installed here: XGBoost goes by several names."""
    distributions = packages_distributions()
    for module in ("mlflow", "numpy", "pandas", "xgboost"):
        name = sorted(distributions.get(module, [module]))[0]
        yield f"{name}=={version(name)}"
