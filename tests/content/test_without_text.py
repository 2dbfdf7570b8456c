"""Without a text and without a products file, everything is built, and content says nothing."""

from pathlib import Path

import pytest

from end_to_end.communities import reviews
from project import Project

TABLES = (
    *("product_texts", "product_words", "term_rarity", "product_term_weights", "product_terms"),
    *("product_embeddings", "content_pairs", "candidates_content", "candidate_content"),
    *("sentiment_terms", "review_sentiments", "product_sentiments", "new_product_stats"),
)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder: Path = tmp_path_factory.mktemp("silent")
    lines = [f"{one.user_id},{one.product_id},{one.timestamp}" for one in reviews()]
    (folder / "reviews.csv").write_text("\n".join(["user_id,product_id,timestamp", *lines]))
    project = Project(folder, reviews=folder / "reviews.csv")
    project.dbt("--select", "+user_product_features", "+products").succeeded()
    return project


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_text_are_empty(silent: Project, table: str) -> None:
    assert silent.value(f"select count(*) from intermediate.{table}") == 0


def test_features_of_text_are_null_and_the_others_are_there(silent: Project) -> None:
    [counts] = silent.rows(
        "select count(*) > 10000, count(association_sum) > 1000, count(content_rank),"
        " count(content_similarity), count(product_sentiment) from user_product_features"
    )
    assert counts == (True, True, 0, 0, 0)
