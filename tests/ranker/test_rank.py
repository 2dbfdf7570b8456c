"""Ranked lists from scores."""

import duckdb
import numpy as np
import numpy.typing as npt
import pytest

from rankmart import features, rank
from rankmart.features import FeatureRows, read_features
from rankmart.rank import GeneratorScorer, order_keys, rank_split, ranks_within, top_k


class Signal:
    """Scores a row by its one feature."""

    def predict(self, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return matrix[:, 0]


def rows(users: list[int], products: list[int]) -> FeatureRows:
    return FeatureRows(
        matrix=np.zeros((len(users), 1), dtype=np.float32),
        users=np.array(users, dtype=np.int32),
        products=np.array(products, dtype=np.int32),
        labels=np.zeros(len(users), dtype=np.float32),
    )


def test_the_best_k_of_each_user_are_kept_in_order() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.3, 0.2], dtype=np.float32)
    lists = top_k(rows([1, 1, 1, 2, 2], [10, 11, 12, 10, 11]), scores, k=2).to_pydict()
    assert lists["user_key"] == [1, 1, 2, 2]
    assert lists["product_key"] == [11, 12, 10, 11]
    assert lists["rank"] == [1, 2, 1, 2]
    assert lists["score"] == pytest.approx([0.9, 0.5, 0.3, 0.2])


def test_equal_scores_go_by_product_key() -> None:
    scores = np.array([1.0, 1.0, 1.0], dtype=np.float32)
    lists = top_k(rows([1, 1, 1], [30, 10, 20]), scores, k=2).to_pydict()
    assert lists["product_key"] == [10, 20]


def test_the_order_of_rows_does_not_matter() -> None:
    generator = np.random.default_rng(3)
    users = np.repeat(np.arange(1, 21), 15)
    products = np.tile(np.arange(1, 16), 20)
    scores = generator.integers(0, 4, size=300).astype(np.float32)
    shuffled = generator.permutation(300)
    straight = top_k(rows(users.tolist(), products.tolist()), scores, k=5)
    mixed = top_k(
        rows(users[shuffled].tolist(), products[shuffled].tolist()), scores[shuffled], k=5
    )
    assert straight.equals(mixed)


def test_a_user_with_fewer_products_than_k_gets_them_all() -> None:
    lists = top_k(rows([5], [7]), np.array([0.0], dtype=np.float32), k=10).to_pydict()
    assert (lists["user_key"], lists["rank"]) == ([5], [1])


def test_no_rows_give_no_lists() -> None:
    assert top_k(rows([], []), np.empty(0, dtype=np.float32), k=3).num_rows == 0


def test_ranks_start_anew_with_each_user() -> None:
    assert ranks_within(np.array([4, 4, 9, 9, 9, 2], dtype=np.int32)).tolist() == [
        1,
        2,
        1,
        2,
        3,
        1,
    ]


def test_a_generator_keeps_its_order_and_puts_others_behind_by_standing() -> None:
    features = ["next_score", "next_rank", "standing"]
    matrix = np.array(
        [[0.5, 2, 0.1], [0.9, 1, 0.1], [np.nan, np.nan, 0.3], [np.nan, np.nan, 0.4]],
        dtype=np.float32,
    )
    scores = GeneratorScorer("next", features).predict(matrix)
    # 1 + 1/2, 1 + 1/1, then the standings.
    assert scores.tolist() == pytest.approx([1.5, 2.0, 0.3, 0.4])


def test_order_keys_order_as_scores_do_and_then_products() -> None:
    generator = np.random.default_rng(5)
    values = [-np.inf, -3e38, -1.5, -1e-45, -0.0, 0.0, 1e-45, 0.7, 3e38]
    scores = generator.choice(np.array(values, dtype=np.float32), 400)
    products = generator.permutation(400).astype(np.int32)
    by_key = np.argsort(-order_keys(scores, products))
    assert by_key.tolist() == np.lexsort((products, -scores)).tolist()


def test_a_split_is_ranked_as_its_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows are read and ranked at a time, the lists are those of all at once."""
    monkeypatch.setattr(features, "ROWS_AT_A_TIME", 7)
    monkeypatch.setattr(rank, "SCORES_PER_PASS", 50)
    told: list[tuple[str, int, int]] = []
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table user_product_features as
            select 'serve' as split, 1 + i % 9 as user_key, i as product_key,
                cast(null as integer) as label, cast(hash(i) % 5 as float) as signal
            from range(1, 200) as numbers(i)
            """
        )
        rank_split(
            connection,
            Signal(),
            "serve",
            features=["signal"],
            k=4,
            what="rank",
            progress=lambda what, done, of: told.append((what, done, of)),
        )
        ranked = connection.sql("from ranked order by user_key, rank").to_arrow_table()
        everything = read_features(connection, "serve", features=["signal"])
    assert ranked.equals(top_k(everything, everything.matrix[:, 0], k=4))
    assert told[-1] == ("rank", 199, 199)
    assert len(told) > 1
