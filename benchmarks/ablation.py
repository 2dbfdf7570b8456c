"""What each group of features is worth, on a warehouse that `dbt run` built.

    python -m benchmarks.ablation --warehouse data/warehouse.duckdb

A ranker is trained on all features, then one without each group in turn. Prints a Markdown table:
NDCG@10 on all test users, and the difference from the ranker with all features, with the 95 %
interval of a paired bootstrap over users. Below 0: the group helps.
"""

import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
import duckdb
import numpy as np
import numpy.typing as npt

from benchmarks.built import echo_table, opened, trained, warehouse_option
from rankmart.bootstrap import draw, estimate
from rankmart.contest import ideal_dcg
from rankmart.features import FeatureRows, feature_names, read_features
from rankmart.fit import read_fit
from rankmart.settings import Settings
from rankmart.training_data import ndcg_by_user

GROUPS = {
    "ranks and scores of generators": r"\w+_(rank|score)|source_count|standing",
    "pairs of products reviewed by the same users": (
        r"(association|forward|backward|recent|next|transition|two_hop)_(?!score|rank)\w+|support"
    ),
    "matrix factorisation": r"factors?_\w+",
    "brand and categories": r"tag_\w+|brand_similarity",
    "language": r"content_\w+|\w*sentiment",
    "activity and trend": r"product_(slow_)?activity\w*|product_interactions_\w+|\w+recent_share",
    "times": r"days_\w+|product_age_days|product_days_since_last",
    "popularity": r"product_interactions|popularity_gap|popular_\w+|user_log_popularity",
    "stars, votes, text lengths, prices": (
        r"\w*rating\w*|\w+_star_share|\w+(verified|helpful)_share|\w+text_length|\w*log_price\w*"
    ),
    "places in histories": r"product_(first|last)_share",
    "the user": r"user_\w+",
    "beside the user's best candidate": r"\w+_(of|below)_best",
}
"""Groups by the names of features; a feature may be in several."""

Values = npt.NDArray[np.float64]


@click.command()
@warehouse_option
def main(*, warehouse: Path) -> None:
    """Print the table; the warehouse is left as it is."""
    with opened(warehouse) as (connection, settings):
        echo_table(
            ("without", "features", "NDCG@10", "difference", "95 % interval"),
            measure(connection, settings),
        )


def measure(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> Iterator[Sequence[object]]:
    """The rows of the table, each as soon as it is known."""
    features = feature_names(connection)
    fit = read_fit(connection, features=features)
    test = read_features(connection, "test", features=features, only_users_with_positives=True)
    ideal = ideal_dcg(connection, "test")

    def values_with(kept: list[str]) -> Values:
        started = time.monotonic()
        places = [features.index(name) for name in kept]
        ranker = trained(replace(fit, rows=_columns(fit.rows, places), features=kept), settings)
        scores = ranker.predict(np.ascontiguousarray(test.matrix[:, places]))
        logging.info("%d features in %.0f s", len(kept), time.monotonic() - started)
        return ndcg_by_user(test, scores, ideal)

    whole = values_with(features)
    counts = draw(len(whole))
    yield "nothing", len(features), f"{whole.mean():.4f}", "", ""
    for group, names in without_each(features).items():
        values = values_with([name for name in features if name not in names])
        difference = estimate((values - whole)[:, None], counts)
        yield (
            group,
            len(features) - len(names),
            f"{values.mean():.4f}",
            f"{difference.value[0]:+.4f}",
            f"{difference.low[0]:+.4f} to {difference.high[0]:+.4f}",
        )


def without_each(features: list[str]) -> dict[str, set[str]]:
    """By group, its features; groups that have none of these are left out."""
    found = {
        group: {name for name in features if re.fullmatch(pattern, name)}
        for group, pattern in GROUPS.items()
    }
    return {group: names for group, names in found.items() if names}


def _columns(rows: FeatureRows, places: list[int]) -> FeatureRows:
    return replace(rows, matrix=np.ascontiguousarray(rows.matrix[:, places]))


if __name__ == "__main__":
    main()
