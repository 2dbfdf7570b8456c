"""Whether the rows that are scored look like those that trained the ranker."""

from dataclasses import dataclass

import duckdb
import numpy as np

from rankmart.recorded import RecordedRun
from rankmart.report.stability import in_words, shares, stability_index

SAMPLED_ROWS = 200_000
SHOWN_FEATURES = 12


@dataclass(frozen=True)
class FeatureShift:
    """A feature on the rows that trained the ranker and on those that it scored now."""

    feature: str
    gain: float
    index: float
    reference: tuple[float, ...]
    scored: tuple[float, ...]

    @property
    def words(self) -> str:
        return in_words(self.index)


def read_feature_shifts(
    connection: duckdb.DuckDBPyConnection, run: RecordedRun
) -> tuple[FeatureShift, ...]:
    """The features with the largest gain, on `fit` rows beside `serve` rows; of some users each.

    Which users is told by a digest of their key, so that it is the same in every report.
    """
    known = {name for name, *_ in connection.execute("describe user_product_features").fetchall()}
    shown = [(name, gain) for name, gain in run.importance if name in known][:SHOWN_FEATURES]
    if not shown:
        return ()
    columns = ", ".join(f'cast("{name}" as double) as "{name}"' for name, _ in shown)
    of_split = {}
    for split in ("fit", "serve"):
        [(rows,)] = connection.execute(
            "select count(*) from user_product_features where split = ?", [split]
        ).fetchall()
        of_split[split] = connection.sql(
            f"select {columns} from user_product_features"
            " where split = $split and hash(user_key) % $parts = 0",
            params={"split": split, "parts": max(1, -(-rows // SAMPLED_ROWS))},
        ).to_arrow_table()
    shifts = []
    for name, gain in shown:
        fit, serve = (
            np.asarray(of_split[split].column(name).to_numpy(), dtype=np.float64)
            for split in ("fit", "serve")
        )
        reference, scored = shares(fit, serve)
        shifts.append(
            FeatureShift(
                name, gain, stability_index(reference, scored), tuple(reference), tuple(scored)
            )
        )
    return tuple(shifts)
