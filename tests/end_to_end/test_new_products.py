"""A product that nobody has reviewed reaches those whose products are described like it."""

import csv
from pathlib import Path

import pytest

from project import Project

from .communities import COMMUNITIES, PRODUCTS, product, reviews, user, write_reviews

# What each community is about: no two share a word.
WORDS = (
    *("oat granola", "rose shampoo", "bass strings", "dog biscuits", "lip balm", "chess boards"),
    *("hiking socks", "olive oil", "desk lamps", "baby wipes", "fountain pens", "bike chains"),
)
NEW = "new-{}"


def write_catalog(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("product_id", "title", "brand", "categories"))
        for community, words in enumerate(WORDS):
            brand, shelf = words.split()
            for number in range(PRODUCTS):
                writer.writerow((product(community, number), f"{words} {number}", brand, shelf))
            writer.writerow((NEW.format(community), f"{words} original", brand, shelf))
        writer.writerow(("untitled", "", "", ""))
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("new_products")
    project = Project(
        folder,
        reviews=write_reviews(folder / "reviews.csv", reviews()),
        products=write_catalog(folder / "products.csv"),
        # Longer than the candidates: here everyone has better ones than those without evidence.
        more={"RANKMART_LIST_LENGTH": "200"},
    )
    return project.built_and_scored()


def test_every_member_has_the_new_product_of_the_community_among_the_candidates(
    shop: Project,
) -> None:
    found = set(
        shop.rows(
            "select distinct users.user_id, keys.product_id, features.split"
            " from user_product_features as features"
            " inner join users using (user_key)"
            " inner join intermediate.product_keys as keys using (product_key)"
            " where keys.product_id like 'new-%' and features.content_rank is not null"
        )
    )
    expected = {
        (user(community, member), NEW.format(community), "serve")
        for community in range(COMMUNITIES)
        for member in range(24)
    }
    assert expected <= found
    assert {split for _, _, split in found} == {"serve"}


def test_nothing_but_content_proposes_what_nobody_has_reviewed(shop: Project) -> None:
    generators = shop.rows(
        "select column_name from information_schema.columns"
        " where table_name = 'user_product_features' and column_name like '%_rank'"
    )
    counted = ", ".join(f"count({name})" for (name,) in generators)
    [counts] = shop.rows(
        f"select {counted} from user_product_features"
        " where product_key in (select product_key from intermediate.product_keys"
        " where not is_reviewed)"
    )
    proposed = {name for (name,), count in zip(generators, counts, strict=True) if count}
    assert proposed == {"content_rank"}


def test_a_new_product_without_a_word_is_no_candidate(shop: Project) -> None:
    assert shop.rows("select product_key from products where product_id = 'untitled'") == [(None,)]


def test_what_is_not_known_of_a_new_product_is_as_of_those_with_little_evidence(
    shop: Project,
) -> None:
    [(interactions, trend, least, most, ages)] = shop.rows(
        """
        with known as (
            select product_age_days from user_product_features
            where split = 'serve' and product_interactions > 0
        )
        select max(product_interactions), max(product_activity), min(product_age_days),
            max(product_age_days),
            (select [min(product_age_days), max(product_age_days)] from known)
        from user_product_features
        where product_interactions = 0
        """
    )
    assert (interactions, trend) == (0, 0)
    assert 0 < ages[0] <= least == most <= ages[1]


def test_recommended_new_products_are_new_and_say_what_they_share(shop: Project) -> None:
    listed = shop.rows(
        "select user_id, product_id, reason_type, reason_terms from ranker.recommendations"
        " where product_id like 'new-%'"
    )
    assert listed
    for user_id, product_id, reason, terms in listed:
        assert reason == "content"
        if user_id.startswith(f"c{int(product_id[4:]):02}"):
            assert set(terms.replace(", ", " ").split()) & set(WORDS[int(product_id[4:])].split())


def test_no_model_of_another_split_knows_them(shop: Project) -> None:
    for table in ("product_stats", "product_embeddings", "product_term_weights", "content_pairs"):
        assert (
            shop.rows(
                f"select split, product_key from intermediate.{table}"
                " where split != 'serve' and product_key in"
                " (select product_key from intermediate.product_keys where not is_reviewed)"
            )
            == []
        )
