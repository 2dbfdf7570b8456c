"""Vectors of products from their terms, and which are near: by hand, and by a second method."""

import numpy as np
import pyarrow as pa
import pytest

from rankmart.content import EMBEDDINGS, STEPS, Floats, Ints, embeddings_table, neighbor_tables


def entries(documents: dict[int, list[str]]) -> tuple[Ints, Ints, Floats]:
    """The TF-IDF entries of documents by product, every term weighing the same in its document."""
    numbers = {
        term: number for number, term in enumerate(sorted(set().union(*documents.values())))
    }
    rows = [
        (product, numbers[term], 1 / np.sqrt(len(terms)))
        for product, terms in documents.items()
        for term in sorted(terms)
    ]
    products, terms, weights = zip(*rows, strict=True)
    return (
        np.array(products, dtype=np.int32),
        np.array(terms, dtype=np.int32),
        np.array(weights, dtype=np.float32),
    )


def many_documents(products: int = 300) -> dict[int, list[str]]:
    """Products of ten kinds, each with words of its kind and some of all."""
    rng = np.random.default_rng(1)
    return {
        10 * product: sorted(
            {f"kind {product % 10} word {number}" for number in rng.integers(0, 20, size=8)}
            | {f"word {number}" for number in rng.integers(0, 100, size=4)}
        )
        for product in range(products)
    }


def embedded(documents: dict[int, list[str]], dimensions: int = 16) -> tuple[Ints, Floats]:
    table = embeddings_table("serve", *entries(documents), dimensions=dimensions)
    keys = table.column("product_key").to_numpy()
    return keys, np.stack(table.column("vector").to_numpy(zero_copy_only=False))


def nearest(
    products: Ints, vectors: Floats, *, k: int, asked: np.ndarray | None = None
) -> list[tuple[int, int, int, float]]:
    everyone = np.ones(len(products), dtype=bool) if asked is None else asked
    tables = list(neighbor_tables("serve", products, vectors, everyone, k=k))
    rows = pa.concat_tables(tables).to_pylist() if tables else []
    return [
        (row["product_key"], row["neighbor_key"], row["neighbor_rank"], row["association"])
        for row in rows
    ]


def test_products_of_a_kind_lie_near_each_other() -> None:
    products, vectors = embedded(many_documents())
    assert vectors.shape == (300, 16)
    near = nearest(products, vectors, k=10)
    same = [one // 10 % 10 == other // 10 % 10 for one, other, _, _ in near]
    assert len(same) == 3000
    assert np.mean(same) > 0.95


def test_words_that_keep_the_same_company_bring_products_together() -> None:
    """1 and 2 share no word, but "yummy" and "delicious" both come with "chocolate"."""
    documents = {
        number: ["chocolate", "yummy"] if number % 2 else ["chocolate", "delicious"]
        for number in range(10, 30)
    } | {number: ["shampoo", f"smell {number % 3}"] for number in range(30, 60)}
    documents |= {1: ["yummy"], 2: ["delicious"], 3: ["shampoo"]}
    products, vectors = embedded(documents, dimensions=2)
    place = {int(product): vector for product, vector in zip(products, vectors, strict=True)}
    assert place[1] @ place[2] > 0.9
    assert place[1] @ place[3] < 0.1


def test_vectors_have_length_one_and_lie_on_the_grid() -> None:
    _, vectors = embedded(many_documents())
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=0.002)
    assert np.array_equal(vectors * STEPS, np.round(vectors * STEPS))


def test_cosines_are_the_same_in_whatever_order_they_are_added() -> None:
    _, vectors = embedded(many_documents())
    shuffled = vectors[:, np.random.default_rng(2).permutation(vectors.shape[1])]
    assert np.array_equal(vectors @ vectors.T, shuffled @ shuffled.T)


def test_the_same_entries_give_the_same_vectors() -> None:
    one, other = embedded(many_documents()), embedded(many_documents())
    assert np.array_equal(one[1], other[1])


def test_neighbors_are_those_that_sorting_everything_gives() -> None:
    products, vectors = embedded(many_documents(2_000))
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = []
    for row in range(len(products)):
        others = [
            (-cosines[row, column], int(products[column]))
            for column in range(len(products))
            if column != row and cosines[row, column] > 0
        ]
        for rank, (value, product) in enumerate(sorted(others)[:7], start=1):
            expected.append((int(products[row]), product, rank, round(-value, 9)))
    assert nearest(products, vectors, k=7) == expected


def test_of_thousands_described_alike_the_first_are_neighbors() -> None:
    products = np.arange(1, 3_001, dtype=np.int32)
    vectors = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (3_000, 1))
    near = nearest(products, vectors, k=3, asked=products <= 2)
    assert near == [
        (1, 2, 1, 1),
        (1, 3, 2, 1),
        (1, 4, 3, 1),
        (2, 1, 1, 1),
        (2, 3, 2, 1),
        (2, 4, 3, 1),
    ]


def test_nothing_in_common_is_no_neighbor() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    assert nearest(np.array([1, 2, 3], dtype=np.int32), vectors, k=2) == []


def test_only_the_products_asked_for_have_neighbors() -> None:
    products, vectors = embedded(many_documents())
    near = nearest(products, vectors, k=5, asked=products == 70)
    assert {one for one, _, _, _ in near} == {70}


def test_no_text_gives_no_vectors() -> None:
    nothing = np.empty(0, dtype=np.int32)
    table = embeddings_table("fit", nothing, nothing, nothing.astype(np.float32), dimensions=16)
    assert table.schema == EMBEDDINGS
    assert table.num_rows == 0


@pytest.mark.parametrize(
    "documents", [{5: ["tea"]}, {5: ["tea"], 6: ["tea"]}, {5: ["a", "b"], 6: ["b"]}]
)
def test_few_products_are_placed_too(documents: dict[int, list[str]]) -> None:
    products, vectors = embedded(documents)
    assert products.tolist() == sorted(documents)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=0.002)
    assert len(nearest(products, vectors, k=5)) == (0 if len(documents) == 1 else 2)
