"""Every metric on cases small enough to compute by hand."""

import pytest

from rankmart.user_values import LABEL_METRICS

from .tables import figures, per_user_table, ranked, values, wanted

NO_HIT = {"ndcg": 0, "recall": 0, "precision": 0, "map": 0, "mrr": 0, "hit_rate": 0}


def test_one_label_at_rank_three() -> None:
    lists = ranked("ranker", 1, [11, 12, 13, 14, 15])

    assert values(lists, wanted(1, [13]), k=5) == pytest.approx(
        {
            "ndcg": 0.5,  # 1 / log2(3 + 1), over an ideal of 1 / log2(1 + 1) = 1
            "recall": 1.0,  # 1 of 1 label
            "precision": 0.2,  # 1 hit in 5
            "map": 1 / 3,  # precision at rank 3 is 1 / 3, over min(5, 1) = 1
            "mrr": 1 / 3,
            "hit_rate": 1.0,
        }
    )


def test_a_hit_below_k_counts_nothing() -> None:
    lists = ranked("ranker", 1, [11, 12, 13, 14, 15])

    assert values(lists, wanted(1, [13]), k=2) == NO_HIT


def test_a_hit_at_rank_k_counts() -> None:
    lists = ranked("ranker", 1, [11, 12, 13])

    assert values(lists, wanted(1, [13]), k=3)["hit_rate"] == 1


def test_several_labels() -> None:
    lists = ranked("ranker", 1, [11, 12, 13, 14, 15])

    # Hits at ranks 1 and 3; the third label is not in the list.
    assert values(lists, wanted(1, [11, 13, 99]), k=5) == pytest.approx(
        {
            # (1 + 1/2) / (1 + 1/log2(3) + 1/2) = 1.5 / 2.1309297535714573
            "ndcg": 0.7039180890341347,
            "recall": 2 / 3,
            "precision": 2 / 5,
            "map": 5 / 9,  # (1/1 + 2/3) / min(5, 3) = (5/3) / 3
            "mrr": 1.0,
            "hit_rate": 1.0,
        }
    )


def test_more_labels_than_k() -> None:
    lists = ranked("ranker", 1, [11, 12, 13, 14, 15])

    # One hit, at rank 1; at most two of the three labels fit into k = 2.
    assert values(lists, wanted(1, [11, 13, 99]), k=2) == pytest.approx(
        {
            "ndcg": 0.6131471927654584,  # 1 / (1 + 1/log2(3)) = 1 / 1.6309297535714573
            "recall": 1 / 3,  # of all three labels
            "precision": 1 / 2,
            "map": 1 / 2,  # (1/1) / min(2, 3)
            "mrr": 1.0,
            "hit_rate": 1.0,
        }
    )


def test_a_full_list_of_labels_is_perfect_though_labels_remain() -> None:
    lists = ranked("ranker", 1, [11, 12])

    assert values(lists, wanted(1, [11, 12, 13]), k=2) == pytest.approx(
        {"ndcg": 1, "recall": 2 / 3, "precision": 1, "map": 1, "mrr": 1, "hit_rate": 1}
    )


def test_a_list_shorter_than_k_is_still_divided_by_k() -> None:
    assert values(ranked("ranker", 1, [11]), wanted(1, [11]), k=4)["precision"] == 0.25


def test_the_rank_decides_and_not_the_order_of_rows() -> None:
    lists = list(reversed(ranked("ranker", 1, [11, 12, 13])))

    assert values(lists, wanted(1, [13]), k=3)["mrr"] == pytest.approx(1 / 3)


def test_a_gap_in_the_ranks_stays_a_gap() -> None:
    lists = [("ranker", 1, 11, 2), ("ranker", 1, 12, 4)]

    assert values(lists, wanted(1, [11, 12]), k=4) == pytest.approx(
        {
            # (1/log2(3) + 1/log2(5)) / (1 + 1/log2(3))
            # = (0.6309297535714575 + 0.43067655807339306) / 1.6309297535714573
            "ndcg": 0.6509209298071326,
            "recall": 1,
            "precision": 1 / 2,
            "map": 1 / 2,  # (1/2 + 2/4) / 2
            "mrr": 1 / 2,
            "hit_rate": 1,
        }
    )


def test_no_hit_is_zero_in_every_metric() -> None:
    assert values(ranked("ranker", 1, [11, 12]), wanted(1, [13])) == NO_HIT


def test_another_users_label_is_no_hit() -> None:
    lists = [*ranked("ranker", 1, [11]), *ranked("ranker", 2, [12])]

    assert values(lists, [*wanted(1, [12]), *wanted(2, [11])]) == NO_HIT


def test_users_with_the_same_value_leave_an_interval_of_no_width() -> None:
    lists = [row for user in range(7) for row in ranked("ranker", user, [10, 11])]
    labels = [label for user in range(7) for label in wanted(user, [11])]

    ndcg = figures(lists, labels)["ranker", "ndcg", 5]

    assert ndcg.value == 0.630929754  # 1 / log2(3), to a billionth
    assert ndcg.ci_low == ndcg.value == ndcg.ci_high


def test_a_single_user_has_no_interval() -> None:
    ndcg = figures(ranked("ranker", 1, [11]), wanted(1, [11]))["ranker", "ndcg", 5]

    assert (ndcg.value, ndcg.ci_low, ndcg.ci_high, ndcg.users) == (1.0, None, None, 1)


def test_coverage_counts_distinct_products_in_the_top_k_of_users_with_labels() -> None:
    lists = [
        *ranked("ranker", 1, [11, 12, 13]),
        *ranked("ranker", 2, [11, 14]),
        *ranked("ranker", 3, [17, 18, 19]),  # no label
    ]
    coverage = figures(lists, [*wanted(1, [99]), *wanted(2, [99])], ks=[1, 2, 3], catalog_size=10)

    assert coverage["ranker", "catalog_coverage", 1] == (0.1, None, None, 2)  # {11}
    assert coverage["ranker", "catalog_coverage", 2] == (0.3, None, None, 2)  # {11, 12, 14}
    assert coverage["ranker", "catalog_coverage", 3] == (0.4, None, None, 2)  # and 13


def test_per_user_values_of_two_users_and_two_models() -> None:
    lists = [*ranked("popular", 1, [11, 12]), *ranked("ranker", 2, [12, 11])]
    labels = [*wanted(1, [12]), *wanted(2, [12, 13])]

    table = per_user_table(lists, labels, ks=[2, 1])

    assert table.column_names == ["model", "user_key", "label_count", "k", *LABEL_METRICS]
    recall = [
        (row["model"], row["user_key"], row["label_count"], row["k"], row["recall"])
        for row in table.to_pylist()
    ]
    assert recall == [
        ("popular", 1, 1, 1, 0.0),
        ("popular", 1, 1, 2, 1.0),
        ("popular", 2, 2, 1, 0.0),
        ("popular", 2, 2, 2, 0.0),
        ("ranker", 1, 1, 1, 0.0),
        ("ranker", 1, 1, 2, 0.0),
        ("ranker", 2, 2, 1, 0.5),
        ("ranker", 2, 2, 2, 0.5),
    ]
