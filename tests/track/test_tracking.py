"""A scoring is logged in MLflow where a store is named, and is none the worse without it."""

import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from project import Project
from rankmart.features import feature_names, read_features
from rankmart.settings import Settings
from rankmart.track import track_published, track_rolled_back, track_scored
from rankmart.train import summed_margins

DEAD = "http://127.0.0.1:9"
"""Nothing listens on the port of `discard`."""

pytestmark = [
    pytest.mark.long,
    # SQLAlchemy and pandas tell MLflow, which alone can mend it, of what they will drop.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
    # MLflow leaves its connections to SQLite to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Members = list[tuple[float, bytes]]


@pytest.fixture(scope="module")
def shop(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy whose runs may be changed."""
    return scored_shop.copied_to(tmp_path_factory.mktemp("tracked"))


@pytest.fixture(scope="module")
def members(scored_shop: Project) -> Members:
    snapshot = scored_shop.published / f"{scored_shop.current_run}.duckdb"
    with duckdb.connect(snapshot, read_only=True) as connection:
        return connection.execute("select weight, booster from model").fetchall()


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of an empty store, named by the environment; files go where the process is."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            patch.delenv(name)
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.sqlite")
        yield os.environ["MLFLOW_TRACKING_URI"]


@pytest.fixture(scope="module")
def published(shop: Project, members: Members, store: str) -> Any:
    """The MLflow run of the published run."""
    return tracked(shop, members)


def settings_of(project: Project) -> Settings:
    return Settings(warehouse=project.warehouse, published=project.published)


def tracked(shop: Project, members: Members) -> Any:
    """The MLflow run that tracking the shop's run makes."""
    track_scored(settings_of(shop), run_id=shop.current_run, members=members)
    return all_runs()[0]


def client() -> Any:
    import mlflow

    return mlflow.MlflowClient()


def all_runs(experiment: str = "rankmart") -> list[Any]:
    """The newest first."""
    found = client().get_experiment_by_name(experiment)
    return list(client().search_runs([found.experiment_id])) if found else []


def versions_by_alias() -> dict[str, str]:
    aliases = client().get_registered_model("rankmart-ranker").aliases
    return {name: str(version) for name, version in aliases.items()}


def scores_by_alias(alias: str, matrix: np.ndarray, features: list[str]) -> np.ndarray:
    import mlflow

    model = mlflow.pyfunc.load_model(f"models:/rankmart-ranker@{alias}")
    return np.asarray(model.predict(pd.DataFrame(matrix, columns=features)))


def artifacts(run: Any) -> dict[str, Path]:
    import mlflow

    names = [item.path for item in client().list_artifacts(run.info.run_id)]
    return {
        name: Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=name))
        for name in names
    }


def test_a_run_has_the_figures_of_the_warehouse(published: Any, shop: Project) -> None:
    figures = dict(
        shop.rows(
            "select concat(model, '/', metric, '_at_', k), value from ranker.evaluation"
            " where segment = 'all' and k = 10"
        )
    )
    logged = published.data.metrics
    assert {name: logged[name] for name in figures} == pytest.approx(figures)
    assert logged["ndcg_at_10"] == pytest.approx(figures["ranker/ndcg_at_10"])
    assert logged["ndcg_at_10_low"] < logged["ndcg_at_10"] < logged["ndcg_at_10_high"]
    assert logged["candidate_recall"] == pytest.approx(
        shop.value("select candidate_recall from ranker.runs where is_current")
    )
    assert logged["seconds"] > 0
    assert published.info.status == "FINISHED"


def test_a_run_has_parameters_and_tags(published: Any, shop: Project) -> None:
    fingerprint, seed, protocol = shop.rows(
        "select data_fingerprint, seed, protocol from ranker.runs where is_current"
    )[0]
    tags, parameters = published.data.tags, published.data.params
    assert published.info.run_name == tags["rankmart.run_id"] == shop.current_run
    assert tags["rankmart.verdict"] == "published"
    assert tags["rankmart.data_fingerprint"] == fingerprint
    assert tags["rankmart.published_model"] == "ranker"
    assert tags["rankmart.registered_model"] == "rankmart-ranker"
    assert "rankmart.git_commit" in tags
    assert (parameters["seed"], parameters["protocol"]) == (str(seed), protocol)
    assert parameters["member_1.objective"] == "rank:ndcg"
    assert int(parameters["member_1.rounds"]) > 0


def test_a_run_has_the_evaluation_and_the_importances_as_files(
    published: Any, shop: Project
) -> None:
    files = artifacts(published)
    evaluation = pd.read_csv(files["evaluation.csv"])
    assert len(evaluation) == shop.value("select count(*) from ranker.evaluation")
    assert len(pd.read_json(files["evaluation.json"])) == len(evaluation)
    assert files["feature_importance.png"].read_bytes().startswith(b"\x89PNG")
    importance = pd.read_csv(files["feature_importance.csv"])
    assert importance["gain"].sum() == pytest.approx(1)
    assert importance["gain"].is_monotonic_decreasing


def test_the_model_loads_by_its_alias_and_scores_as_rankmart_does(
    published: Any, shop: Project, members: Members
) -> None:
    with shop.connection() as connection:
        features = feature_names(connection)
        rows = read_features(connection, "serve", features=features)
    matrix = rows.matrix[:2_000]
    assert np.isnan(matrix).any()
    own = summed_margins(
        [(weight, xgb.Booster(model_file=bytearray(booster))) for weight, booster in members],
        matrix,
    )
    scores = scores_by_alias("champion", matrix, features)
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(scores, own)


def test_the_order_of_columns_does_not_matter_to_the_model(published: Any, shop: Project) -> None:
    import mlflow

    with shop.connection() as connection:
        features = feature_names(connection)
        matrix = read_features(connection, "test", features=features).matrix[:50]
    turned = pd.DataFrame(matrix, columns=features)[features[::-1]]
    model = mlflow.pyfunc.load_model("models:/rankmart-ranker@champion")
    np.testing.assert_array_equal(
        model.predict(turned), scores_by_alias("champion", matrix, features)
    )
    assert model.metadata.get_input_schema().input_names() == features
    assert list(model.input_example.columns) == features


def test_champion_and_challenger_follow_the_verdicts(
    published: Any, shop: Project, members: Members
) -> None:
    first = versions_by_alias()["champion"]

    shop.change("update ranker.runs set verdict = 'refused', verdict_reason = 'it is worse'")
    refused = tracked(shop, members)
    assert refused.data.tags["rankmart.verdict"] == "refused"
    assert versions_by_alias() == {"champion": first, "challenger": str(int(first) + 1)}
    version = client().get_model_version("rankmart-ranker", str(int(first) + 1))
    assert version.description == "refused: it is worse"

    shop.change("update ranker.runs set verdict = 'published', verdict_reason = 'it is better'")
    tracked(shop, members)
    assert versions_by_alias() == {"champion": str(int(first) + 2)}


def test_a_run_that_was_held_is_champion_once_it_is_published(
    published: Any, shop: Project, members: Members
) -> None:
    tracked(shop, members)
    before = versions_by_alias()["champion"]
    shop.change("update ranker.runs set verdict = 'held'")
    held = tracked(shop, members)
    version = str(int(before) + 1)
    assert versions_by_alias() == {"champion": before, "challenger": version}

    shop.change("update ranker.runs set verdict = 'published', verdict_reason = 'it is better'")
    count = len(all_runs())
    track_published(settings_of(shop), run_id=shop.current_run, members=members)

    assert versions_by_alias() == {"champion": version}
    assert len(all_runs()) == count
    tags = client().get_run(held.info.run_id).data.tags
    assert tags["rankmart.verdict"] == "published"
    assert client().get_model_version("rankmart-ranker", version).tags["rankmart.verdict"] == (
        "published"
    )


def test_a_run_that_was_not_logged_is_logged_once_it_is_published(
    shop: Project, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "away at first")
    track_published(settings_of(shop), run_id=shop.current_run, members=members)
    assert [run.info.run_name for run in all_runs("away at first")] == [shop.current_run]


def test_a_roll_back_gives_the_crown_back(
    published: Any, shop: Project, members: Members, tmp_path: Path
) -> None:
    tracked(shop, members)
    before = versions_by_alias()["champion"]
    later = shop.copied_to(tmp_path)
    later.change(
        "update ranker.runs set run_id = 'later'",
        "update ranker.evaluation set run_id = 'later'",
        "update ranker.feature_importance set run_id = 'later'",
    )
    track_scored(settings_of(later), run_id="later", members=members)
    assert versions_by_alias() == {"champion": str(int(before) + 1)}

    track_rolled_back(shop.current_run)
    assert versions_by_alias() == {"champion": before}

    track_rolled_back("a run that was never logged")
    assert versions_by_alias() == {}


def test_a_generator_is_published_without_a_model(
    shop: Project, members: Members, published: Any, tmp_path: Path
) -> None:
    tracked(shop, members)
    versions = len(client().search_model_versions("name = 'rankmart-ranker'"))
    other = shop.copied_to(tmp_path)
    other.change(
        "update ranker.runs set model = 'next', parameters = '{\"model\": \"next\"}'",
        "delete from ranker.feature_importance",
    )

    run = tracked(other, [])

    assert run.data.tags["rankmart.registered_model"].startswith("none: the generator next")
    assert run.data.metrics["ndcg_at_10"] == run.data.metrics["next/ndcg_at_10"]
    assert "feature_importance.png" not in artifacts(run)
    assert len(client().search_model_versions("name = 'rankmart-ranker'")) == versions
    # It would name what is not published any more.
    assert versions_by_alias() == {}


def test_a_held_generator_is_published_in_what_was_logged_of_it(
    shop: Project, members: Members, published: Any, tmp_path: Path
) -> None:
    tracked(shop, members)
    other = shop.copied_to(tmp_path)
    other.change(
        "update ranker.runs set run_id = 'generator', verdict = 'held', model = 'next',"
        ' parameters = \'{"model": "next"}\'',
        "update ranker.evaluation set run_id = 'generator'",
    )
    track_scored(settings_of(other), run_id="generator", members=[])
    logged = all_runs()[0]
    assert "champion" in versions_by_alias()

    other.change("update ranker.runs set verdict = 'published'")
    track_published(settings_of(other), run_id="generator", members=[])

    assert client().get_run(logged.info.run_id).data.tags["rankmart.verdict"] == "published"
    assert versions_by_alias() == {}


def test_the_experiment_may_have_another_name(
    shop: Project, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "nightly")
    before = len(all_runs())
    track_scored(settings_of(shop), run_id=shop.current_run, members=members)
    assert [run.info.run_name for run in all_runs("nightly")] == [shop.current_run]
    assert len(all_runs()) == before


def test_without_a_store_nothing_is_tracked(
    shop: Project,
    members: Members,
    published: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = len(all_runs())
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        track_scored(settings_of(shop), run_id=shop.current_run, members=members)
    assert len(all_runs()) == before
    assert caplog.messages == []


def test_without_the_extra_one_line_says_how_to_get_it(
    shop: Project,
    members: Members,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delitem(sys.modules, "rankmart.mlflow_run", raising=False)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    track_scored(settings_of(shop), run_id=shop.current_run, members=members)
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "pip install 'rankmart[track]'" in warning.getMessage()
    assert "\n" not in warning.getMessage()


def test_a_scoring_is_published_though_the_server_is_away(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = replace(
        scored_shop.copied_to(tmp_path),
        more={"MLFLOW_TRACKING_URI": DEAD, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
    )
    (project.published / "current").unlink()

    scored = project.rankmart("score").succeeded()

    assert project.current_run == scored_shop.current_run
    [warning] = [line for line in scored.stderr.splitlines() if "not tracked" in line]
    assert "MLFLOW_TRACKING_URI" in warning
    assert "Traceback" not in scored.output
    assert f"Run {project.current_run} is published" in scored.stdout


def test_scoring_without_a_store_does_not_load_mlflow(scored_shop: Project) -> None:
    import subprocess

    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, rankmart.score; print('mlflow' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert loaded.stdout.strip() == "False"
