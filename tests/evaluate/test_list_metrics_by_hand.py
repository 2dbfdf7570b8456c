"""Novelty, diversity and newness of lists small enough to compute by hand."""

import pytest

from .reference import Known
from .tables import evaluation, figures, ranked, values, wanted

# Seven users have a history. Products 1 to 4: had by 3, 1, 7 and 0 of them.
KNOWN = Known(
    lengths=dict.fromkeys(range(1, 8), 1),
    products={1: (3, 400.0), 2: (1, 30.0), 3: (7, 30.5), 4: (0, 0.0)},
    tags={1: {"a": 0.6, "b": 0.8}, 2: {"a": 1.0}, 3: {"a": 0.6, "b": 0.8}},
)
LABELS = wanted(1, [99])


def of_list(products: list[int], *, k: int = 5) -> dict[str, float]:
    found = values(ranked("ranker", 1, products), LABELS, k=k, known=KNOWN)
    return {
        metric: found[metric]
        for metric in ("novelty", "intra_list_diversity", "new_product_share")
        if metric in found
    }


def test_novelty_is_the_mean_of_bits_of_surprise() -> None:
    # -log2((3 + 1) / (7 + 1)) = 1, -log2(2 / 8) = 2, -log2(8 / 8) = 0.
    assert of_list([1, 2, 3])["novelty"] == 1
    assert of_list([1, 2, 3], k=2)["novelty"] == 1.5


def test_what_nobody_has_is_as_new_as_one_among_all_and_one_more() -> None:
    assert of_list([4])["novelty"] == 3  # -log2(1 / 8)
    assert of_list([77])["novelty"] == 3  # not even a product that is known


def test_diversity_is_the_mean_over_pairs() -> None:
    # 1 and 3 are alike: 0. 1 and 2, and 2 and 3: cosine 0.6, so 0.4.
    assert of_list([1, 2])["intra_list_diversity"] == 0.4
    assert of_list([1, 3])["intra_list_diversity"] == 0
    assert of_list([1, 2, 3])["intra_list_diversity"] == pytest.approx(0.8 / 3, abs=1e-9)


def test_products_without_tags_are_left_out_of_the_diversity() -> None:
    assert of_list([1, 4, 2])["intra_list_diversity"] == 0.4


@pytest.mark.parametrize("products", [[1], [1, 4], [4, 77]])
def test_a_list_without_a_pair_has_no_diversity(products: list[int]) -> None:
    found = of_list(products)

    assert "intra_list_diversity" not in found
    assert "novelty" in found


def test_without_tags_there_is_no_row_of_diversity() -> None:
    found = figures(
        ranked("ranker", 1, [1, 2]), LABELS, models=["popular"], known=KNOWN._replace(tags={})
    )

    metrics = {metric for _, metric, _ in found}
    assert "intra_list_diversity" not in metrics
    assert {"novelty", "new_product_share"} <= metrics


def test_new_is_up_to_thirty_days() -> None:
    # Ages 400, 30, 30.5 and 0 days; of 77 nothing is known.
    assert of_list([1, 2, 3, 4])["new_product_share"] == 0.5
    assert of_list([77, 2])["new_product_share"] == 0.5


def test_a_short_list_is_averaged_over_what_it_has() -> None:
    short = of_list([2], k=20)

    assert short == {"novelty": 2, "new_product_share": 1}


def test_who_has_no_list_is_left_out() -> None:
    lists = [*ranked("ranker", 1, [1]), *ranked("popular", 1, [1]), *ranked("popular", 2, [2])]
    labels = [*wanted(1, [99]), *wanted(2, [99])]

    found = figures(lists, labels, models=["silent"], known=KNOWN)

    assert (found["ranker", "novelty", 5].value, found["ranker", "novelty", 5].users) == (1, 1)
    assert found["ranker", "novelty", 5].ci_low is None
    assert (found["popular", "novelty", 5].value, found["popular", "novelty", 5].users) == (1.5, 2)
    assert ("silent", "novelty", 5) not in found
    assert found["silent", "ndcg", 5].users == 2


def test_a_difference_is_over_the_users_who_have_a_value_of_both() -> None:
    lists = [*ranked("ranker", 1, [2]), *ranked("popular", 1, [1]), *ranked("popular", 2, [3])]
    labels = [*wanted(1, [1]), *wanted(2, [3])]

    rows = evaluation(lists, labels, ks=[5], known=KNOWN).differences.to_pylist()

    by_metric = {row["metric"]: row for row in rows}
    assert {(row["model"], row["baseline"], row["segment"]) for row in rows} == {
        ("ranker", "popular", "all")
    }
    assert by_metric["novelty"]["difference"] == 2 - 1
    assert by_metric["novelty"]["users"] == 1
    assert by_metric["hit_rate"]["difference"] == -1
    assert by_metric["hit_rate"]["users"] == 2
    assert "catalog_coverage" not in by_metric
