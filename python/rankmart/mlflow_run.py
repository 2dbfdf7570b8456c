"""One MLflow run per scoring: parameters, figures, tags, tables, the plot, the model.

Only `rankmart.track` imports this: MLflow takes seconds to load and is an extra.
"""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any

import mlflow
from matplotlib.figure import Figure as Plot
from mlflow.entities import Metric, Param

from rankmart.mlflow_model import MODEL, crown, register, version_of
from rankmart.recorded import RecordedRun, read_run
from rankmart.segments import ALL
from rankmart.settings import Settings
from rankmart.warehouse import open_warehouse

EXPERIMENT = "rankmart"
EXAMPLE_ROWS = 5
SHOWN_FEATURES = 25
METRICS_AT_ONCE = 500
"""A server takes up to 1,000 in one request."""

_EXAMPLE = """
select {columns}
from user_product_features
where split = 'serve'
order by user_key, product_key
limit {rows}
"""


def log_run(settings: Settings, *, run_id: str, members: Sequence[tuple[float, bytes]]) -> None:
    """Log a run of the warehouse; its model is registered, and the alias moved, where it has one.

    Raises whatever MLflow, its store or the warehouse raises.
    """
    with open_warehouse(settings, read_only=True) as connection:
        run = read_run(connection, run_id)
        columns = ", ".join(
            f'cast("{name}" as float) as "{name}"' for name in run.parameters.get("features", ())
        )
        example = (
            connection.sql(_EXAMPLE.format(columns=columns, rows=EXAMPLE_ROWS)).df()
            if members
            else None
        )
    client = mlflow.MlflowClient()
    with mlflow.start_run(
        experiment_id=_experiment(client),
        run_name=run_id,
        nested=mlflow.active_run() is not None,
        tags=_tags(run),
        description=f"{run.verdict}: {run.verdict_reason}",
    ) as active:
        _log_values(client, active.info.run_id, run)
        _log_tables(run)
        if example is not None:
            mlflow.log_figure(importance_plot(run), "feature_importance.png")
            register(client, run, members, example)
        elif run.verdict == "published":
            crown(client, None)


def log_published(
    settings: Settings, *, run_id: str, members: Sequence[tuple[float, bytes]]
) -> None:
    """Note in what was logged of a run that it is published now; log it, if nothing was."""
    client = mlflow.MlflowClient()
    logged = client.search_runs(
        [_experiment(client)], filter_string=f"tags.`rankmart.run_id` = '{run_id}'"
    )
    if not logged:
        log_run(settings, run_id=run_id, members=members)
        return
    with open_warehouse(settings, read_only=True) as connection:
        run = read_run(connection, run_id)
    for active in logged:
        client.set_tag(active.info.run_id, "rankmart.verdict", run.verdict)
        client.set_tag(active.info.run_id, "rankmart.verdict_reason", run.verdict_reason)
    version = version_of(client, run_id)
    if version is not None:
        client.set_model_version_tag(MODEL, version, "rankmart.verdict", run.verdict)
    crown(client, version)


def log_rolled_back(run_id: str) -> None:
    """Let `champion` name the model of this run; nothing, if it has none that was logged."""
    client = mlflow.MlflowClient()
    crown(client, version_of(client, run_id))


def _experiment(client: mlflow.MlflowClient) -> str:
    """The id of the experiment, made if it is not there."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _tags(run: RecordedRun) -> dict[str, str]:
    tags = {
        "rankmart.run_id": run.run_id,
        "rankmart.verdict": run.verdict,
        "rankmart.verdict_reason": run.verdict_reason,
        "rankmart.data_fingerprint": run.data_fingerprint,
        "rankmart.git_commit": run.git_commit or "",
        "rankmart.published_model": run.model,
        "rankmart.registered_model": MODEL
        if run.importance
        else f"none: the generator {run.model} stands in for the ranker",
    }
    if run.git_commit:
        tags["mlflow.source.git.commit"] = run.git_commit
    return tags


def parameters_of(run: RecordedRun) -> dict[str, str]:
    """The run's parameters without nesting: `member_1.eta` is one of the first booster."""
    kept = {key: value for key, value in run.parameters.items() if key != "features"}
    members: list[dict[str, Any]] = kept.pop("members", [])
    flat: dict[str, Any] = {"protocol": run.protocol, "seed": run.seed, **kept}
    if "features" in run.parameters:
        flat["feature_count"] = len(run.parameters["features"])
    for number, member in enumerate(members, start=1):
        of_member = {**member, **member["xgboost"]}
        del of_member["xgboost"]
        flat |= {f"member_{number}.{name}": value for name, value in of_member.items()}
    return {name: str(value) for name, value in flat.items()}


def metrics_of(run: RecordedRun) -> dict[str, float]:
    """`ndcg_at_10` and so on of the published model, and `popular/ndcg_at_10` of each at 10."""
    found: dict[str, float | None] = {
        "candidate_recall": run.candidate_recall,
        "seconds": run.seconds,
        "users": run.user_count,
        "products": run.product_count,
        "interactions": run.interaction_count,
        "recommendations": run.recommendation_count,
    }
    for figure in run.figures:
        if figure.segment != ALL:
            continue
        name = f"{figure.metric}_at_{figure.k}"
        if figure.model == run.model:
            found[name] = figure.value
            found[f"{name}_low"], found[f"{name}_high"] = figure.low, figure.high
        if figure.k == 10:
            found[f"{figure.model}/{name}"] = figure.value
    return {name: value for name, value in found.items() if value is not None}


def _log_values(client: mlflow.MlflowClient, mlflow_run: str, run: RecordedRun) -> None:
    at = round(run.created_at.replace(tzinfo=UTC).timestamp() * 1000)
    metrics = [Metric(name, value, at, 0) for name, value in sorted(metrics_of(run).items())]
    client.log_batch(
        mlflow_run, params=[Param(name, value) for name, value in parameters_of(run).items()]
    )
    for start in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(mlflow_run, metrics=metrics[start : start + METRICS_AT_ONCE])


def _log_tables(run: RecordedRun) -> None:
    evaluation = [asdict(figure) for figure in run.figures]
    importance = [{"feature": feature, "gain": gain} for feature, gain in run.importance]
    mlflow.log_text(_as_csv(evaluation), "evaluation.csv")
    mlflow.log_text(json.dumps(evaluation, indent=1), "evaluation.json")
    mlflow.log_text(json.dumps(run.parameters, indent=1, sort_keys=True), "parameters.json")
    if importance:
        mlflow.log_text(_as_csv(importance), "feature_importance.csv")


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def importance_plot(run: RecordedRun) -> Plot:
    """The features with the largest shares of the ranker's gain, the largest at the top."""
    shown = list(reversed(run.importance[:SHOWN_FEATURES]))
    plot = Plot(figsize=(8, 0.28 * len(shown) + 1.2), layout="constrained")
    axes = plot.subplots()
    axes.barh([name for name, _ in shown], [gain for _, gain in shown], color="#0b6e4f")
    axes.set_xlabel("share of the total gain")
    axes.set_title(f"What run {run.run_id} ranks by", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.01)
    return plot
