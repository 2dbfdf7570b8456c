"""A generator in the ranker's place is judged by what is published of it: its list, filled up."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from project import Project

pytestmark = pytest.mark.long

FIGURES = (
    "select segment, metric, k, value from ranker.evaluation where run_id = ? and model = ?"
    " order by all"
)
NDCG = (
    "select value from ranker.evaluation where run_id = ? and model = ?"
    " and segment = 'all' and metric = 'ndcg' and k = 10"
)
FILLED = """
select user_key, product_key, rank
from (
    select
        user_key,
        product_key,
        row_number() over (
            partition by user_key
            order by {model}_rank nulls last, standing desc, product_key
        ) as rank
    from user_product_features
    where split = 'test'
)
where rank <= 20
order by all
"""


@pytest.fixture(scope="module")
def generator_run(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop with too few labels to train a ranker on, scored."""
    scratch = tmp_path_factory.mktemp("generator_run")
    project = replace(
        scored_shop.copied_to(scratch),
        more={"RANKMART_TEST_LISTS": str(scratch / "lists.parquet")},
    )
    project.change(
        "update user_product_features set label = 0"
        " where starts_with(split, 'fit') and user_key % 50 != 1"
    )
    project.rankmart("score", "--accept").succeeded()
    return project


@pytest.fixture(scope="module")
def model(generator_run: Project) -> str:
    name: str = generator_run.value("select model from ranker.runs where is_current")
    assert name != "ranker"
    return name


def test_its_lists_are_those_that_are_published(generator_run: Project, model: str) -> None:
    expected = generator_run.rows(FILLED.format(model=model))
    own = generator_run.value(
        f"select count(*) from intermediate.candidates_{model}"
        " where split = 'test' and source_rank <= 20"
    )
    judged = "select user_key, product_key, rank from ? where model = ? order by all"
    lists = str(generator_run.scratch / "lists.parquet")
    with duckdb.connect() as connection:
        labelled = {
            user
            for (user,) in generator_run.rows(
                "select distinct user_key from intermediate.target_users where split = 'test'"
            )
        }
        found = connection.execute(judged.replace("?", f"'{lists}'", 1), [model]).fetchall()
    assert found == [row for row in expected if row[0] in labelled]
    assert len(found) > own


def test_its_figures_are_of_these_and_its_own_lists_stand_beside(
    generator_run: Project, scored_shop: Project, model: str
) -> None:
    run_id = generator_run.current_run
    own = scored_shop.rows(FIGURES, [scored_shop.current_run, model])
    assert generator_run.rows(FIGURES, [run_id, f"{model}_by_score"]) == own
    filled = generator_run.rows(FIGURES, [run_id, model])
    assert filled != own
    [(metrics, reason)] = generator_run.rows(
        "select metrics, verdict_reason from ranker.runs where is_current"
    )
    value = generator_run.value(NDCG, [run_id, model])
    assert json.loads(metrics)["ndcg_at_10"] == value
    assert f"ndcg@10 {value:.5f}, popular" in reason
    others = "select distinct model from ranker.evaluation where run_id = ? order by all"
    names = {name for (name,) in generator_run.rows(others, [run_id])}
    before = {name for (name,) in scored_shop.rows(others, [scored_shop.current_run])}
    assert names == before - {"ranker"} | {f"{model}_by_score"}
    for name in before - {"ranker", model}:
        assert generator_run.rows(FIGURES, [run_id, name]) == scored_shop.rows(
            FIGURES, [scored_shop.current_run, name]
        )


def test_the_ranker_must_beat_what_would_be_published_in_its_place(
    scored_shop: Project, model: str, tmp_path: Path
) -> None:
    project = scored_shop.copied_to(tmp_path)
    # The generator's own table stays as it is; of the candidates it now proposes the right ones.
    project.change(
        f"update user_product_features set {model}_rank = if(label = 1, 1, null)"
        " where split = 'test'"
    )
    said = project.rankmart("score", "--accept").succeeded()
    assert f"on test users) does not beat {model} (" in said.in_words()
    [(run_id, published)] = project.rows("select run_id, model from ranker.runs where is_current")
    assert published == model
    in_place, ranker, own = (
        project.value(NDCG, [run_id, name]) for name in (model, "ranker", f"{model}_by_score")
    )
    assert in_place > ranker > own
