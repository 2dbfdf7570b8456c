"""The recipe for a candidate generator: one file and one line, as the page has them."""

import json

import pytest

from project import ROOT, Project
from rankmart.demo_data import DemoData

from .pages import blocks, page

pytestmark = pytest.mark.long

RECIPE = page("docs/how-to/generator.md")


@pytest.fixture(scope="module")
def with_one_more(small_shop: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A shop scored with the generator of the page beside the others."""
    project = Project.of_shop(tmp_path_factory.mktemp("with_one_more"), small_shop)
    [model] = blocks(RECIPE, "jinja")
    [line] = blocks(RECIPE, "yaml")
    models = project.copy_of_models()
    (models / "intermediate" / "candidates_same_brand.sql").write_text(model, encoding="utf-8")
    settings = project.root / "dbt_project.yml"
    settings.unlink()
    shipped = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    assert shipped.count("    popular: 20\n") == 1
    settings.write_text(
        shipped.replace("    popular: 20\n", f"    popular: 20\n{line}"), encoding="utf-8"
    )
    return project.built_and_scored()


def test_it_stands_alone_in_the_evaluation_beside_the_others(with_one_more: Project) -> None:
    models = {row[0] for row in with_one_more.rows("select model from ranker.evaluation")}
    assert {"same_brand", "co_visited", "popular", "ranker"} <= models
    assert with_one_more.value(
        "select value from ranker.evaluation"
        " where model = 'same_brand' and metric = 'recall' and k = 20 and segment = 'all'"
    )


def test_it_proposes_brands_that_the_user_knows(with_one_more: Project) -> None:
    proposals, most, known = with_one_more.rows(
        """
        with brands as (
            select product_key, brand
            from intermediate.product_keys inner join staging.stg_products using (product_id)
        ),
        known as (
            select distinct split, user_key, brand
            from intermediate.histories inner join brands using (product_key)
        )
        select count(*), max(same_brand_rank), count(known.brand)
        from user_product_features
        inner join brands using (product_key)
        left join known using (split, user_key, brand)
        where same_brand_rank is not null
        """
    )[0]
    assert proposals > 1000
    assert most <= 30
    assert known == proposals


def test_the_ranker_learns_from_it(with_one_more: Project) -> None:
    parameters = with_one_more.value("select parameters from ranker.runs where is_current")
    assert {"same_brand_score", "same_brand_rank"} <= set(json.loads(parameters)["features"])


def test_the_page_names_a_file_that_is_not_shipped() -> None:
    assert "candidates_same_brand.sql" in RECIPE
    assert not (ROOT / "models/intermediate/candidates_same_brand.sql").exists()
