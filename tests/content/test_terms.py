"""The terms of products are words of their texts, in a shop and in the published lists."""

import re

import pytest

from project import Project

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@pytest.fixture(scope="module")
def without_edges(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop, scored as if no product led to another: what is said alone gives reasons."""
    project: Project = scored_shop.copied_to(tmp_path_factory.mktemp("without_edges"))
    project.change("update user_product_features set because_of_key = null where split = 'serve'")
    project.rankmart("score", "--accept").succeeded()
    return project


def words_of(text: str) -> str:
    return f" {' '.join(WORD.findall(text.lower()))} "


def test_every_term_is_in_a_text_of_its_product(scored_shop: Project) -> None:
    texts: dict[tuple[str, int], str] = {}
    for (split,) in scored_shop.rows("select distinct split from intermediate.product_terms"):
        for key, text in scored_shop.rows(
            f"select product_key, text from intermediate.product_texts where {split}_sees"
        ):
            texts[split, key] = texts.get((split, key), "") + words_of(text)
    terms = scored_shop.rows("select split, product_key, term from intermediate.product_terms")
    assert len(terms) > 500
    untrue = [
        (split, key, term) for split, key, term in terms if f" {term} " not in texts[split, key]
    ]
    assert untrue == []


def test_the_mart_shows_the_terms_that_serve_knows(scored_shop: Project) -> None:
    shown = dict(
        scored_shop.rows("select product_key, terms from products where product_key is not null")
    )
    assert sum(terms is not None for terms in shown.values()) > 50
    expected: dict[int, list[str]] = {}
    for key, term in scored_shop.rows(
        "select product_key, term from intermediate.product_terms where split = 'serve'"
        " order by product_key, term_rank"
    ):
        expected.setdefault(key, []).append(term)
    assert shown == {key: ", ".join(expected[key]) if key in expected else None for key in shown}


def test_terms_that_are_a_reason_are_said_of_the_product_and_of_the_users_own(
    scored_shop: Project, without_edges: Project
) -> None:
    reasons = without_edges.rows(
        "select user_id, keys.product_key, reason_terms from ranker.recommendations"
        " inner join intermediate.product_keys as keys using (product_id)"
        " where reason_type = 'content'"
    )
    assert [reason for reason in reasons if reason[2]]
    said: dict[int, set[str]] = {}
    for key, term in scored_shop.rows(
        "select product_key, term from intermediate.product_term_weights where split = 'serve'"
    ):
        said.setdefault(key, set()).add(term)
    heard: dict[str, set[str]] = {}
    for user_id, key in scored_shop.rows("select user_id, product_key from interactions"):
        heard.setdefault(user_id, set()).update(said.get(key, set()))
    for user_id, key, terms in reasons:
        for term in terms.split(", ") if terms else []:
            assert term in said[key] & heard[user_id]


def test_only_the_reason_content_has_terms(without_edges: Project) -> None:
    assert (
        without_edges.rows(
            "select reason_type, count(*) from ranker.recommendations"
            " where reason_type != 'content' and reason_terms is not null group by all"
        )
        == []
    )
