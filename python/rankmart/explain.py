"""What one published recommendation is made of: its reason, and what each feature added.

The parts are SHAP values of the trees (Lundberg et al., "Consistent Individualized Feature
Attribution for Tree Ensembles", 2018), as XGBoost computes them: with the bias they add up to the
score.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import xgboost as xgb

from rankmart.errors import SnapshotError, WarehouseError, first_line
from rankmart.publish import current_run, snapshot_path
from rankmart.settings import Settings
from rankmart.show import cut, table
from rankmart.warehouse import open_warehouse

WeightedBoosters = Sequence[tuple[xgb.Booster, float]]

TOLERANCE = 1e-4
SHOWN = 15

_ITEM = """
select items.rank, items.product_id, items.title, items.score, items.source,
    items.reason.type, items.reason.product_id, items.reason.title
from (
    select unnest(from_json(items, '[{"rank": "int", "product_id": "varchar",
        "title": "varchar", "score": "double", "source": "varchar", "reason":
        {"type": "varchar", "product_id": "varchar", "title": "varchar"}}]')) as items
    from recommendation_lists where user_id = $user_id
)
where items.rank = 1 and $product_id is null
    or items.product_id = coalesce(
        (select family_id from products where product_id = $product_id), $product_id
    )
"""


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What a feature added to the score; `value` is its own, None where it is missing."""

    feature: str
    value: float | None
    contribution: float


@dataclass(frozen=True, kw_only=True)
class BecauseOf:
    """The product of the user's history that speaks most for the one recommended."""

    product_id: str
    title: str | None
    rating: float | None
    reviewed_at: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One published recommendation and its parts, the largest first.

    Without a booster there are none and no bias: what a rule pinned, and the lists of a generator
    that stands in for the ranker.
    """

    user_id: str
    run_id: str
    model: str
    rank: int
    product_id: str
    title: str | None
    score: float
    source: str
    reason: str
    because_of: BecauseOf | None
    bias: float | None
    contributions: tuple[Contribution, ...]

    def as_json(self) -> str:
        """One JSON object, with every feature."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def contributions(
    boosters: WeightedBoosters, matrix: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What each feature adds to the weighted sum of the boosters' margins, and the bias.

    Returns (rows, features) and (rows,): the sum of a row and its bias are its score.
    """
    data = xgb.DMatrix(matrix)
    total = np.zeros((matrix.shape[0], matrix.shape[1] + 1))
    for booster, weight in boosters:
        total += weight * booster.predict(data, pred_contribs=True)
    return total[:, :-1], total[:, -1]


def read_model(snapshot: duckdb.DuckDBPyConnection) -> tuple[WeightedBoosters, list[str]]:
    """The boosters of a snapshot with their weights, and the features; a baseline has none."""
    members = snapshot.execute("select weight, booster, features from model").fetchall()
    boosters = [
        (xgb.Booster(model_file=bytearray(booster)), weight) for weight, booster, _ in members
    ]
    return boosters, members[0][2] if members else []


def explain(settings: Settings, user_id: str, product_id: str | None = None) -> Explanation:
    """Why a user was recommended a product (or a variant of it), or the first of the list.

    Raises SnapshotError where nothing is published or the user's list does not have it, and
    WarehouseError where the warehouse is no longer the one that the published run was made of.
    """
    run_id, model, item, boosters, features = _published(settings, user_id, product_id)
    because_of = item.pop("because_of")
    parts: tuple[Contribution, ...] = ()
    bias = None
    with open_warehouse(settings, read_only=True) as warehouse:
        try:
            if because_of is not None:
                because_of |= _review(warehouse, user_id, because_of["product_id"])
            if boosters and item["reason"] != "rule":
                row = _features_of(warehouse, user_id, item["product_id"], features)
                parts, bias = _parts(boosters, features, row)
        except (duckdb.CatalogException, duckdb.BinderException, LookupError) as error:
            raise _other_warehouse(run_id) from error
    if bias is not None:
        total = math.fsum(part.contribution for part in parts) + bias
        if not math.isclose(total, item["score"], rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            raise _other_warehouse(run_id)
    return Explanation(
        user_id=user_id,
        run_id=run_id,
        model=model,
        **item,
        because_of=None if because_of is None else BecauseOf(**because_of),
        bias=bias,
        contributions=parts,
    )


def in_words(explanation: Explanation, *, most: int = SHOWN) -> str:
    """The explanation as text, with the `most` largest contributions and the sum of the others."""
    lines = [
        f"{explanation.product_id} {cut(explanation.title)}".rstrip()
        + f", number {explanation.rank} for {explanation.user_id}"
        + f" (run {explanation.run_id}, {explanation.model})",
        f"score {explanation.score:.4f}, source {explanation.source}, reason {explanation.reason}",
    ]
    if explanation.because_of is not None:
        reviewed = explanation.because_of
        stars = "" if reviewed.rating is None else f", {reviewed.rating:.0f} stars"
        lines.append(
            f"because of {reviewed.product_id} {cut(reviewed.title)}".rstrip()
            + f", reviewed on {reviewed.reviewed_at[:10]}{stars}"
        )
    if explanation.bias is None:
        why = "set by a list rule" if explanation.reason == "rule" else "not of the ranker"
        return "\n".join([*lines, f"Its place is {why}, so no feature has a part in it."])
    shown, others = explanation.contributions[:most], explanation.contributions[most:]
    rows = [
        [
            part.feature,
            "" if part.value is None else f"{part.value:g}",
            f"{part.contribution:+.4f}",
        ]
        for part in shown
    ]
    rest = math.fsum(part.contribution for part in others)
    rows += [
        [f"{len(others)} other features", "", f"{rest:+.4f}"],
        ["what every row starts from", "", f"{explanation.bias:+.4f}"],
        ["score", "", f"{explanation.score:+.4f}"],
    ]
    return "\n".join([*lines, "", table(["feature", "value", "adds"], rows)])


def _published(
    settings: Settings, user_id: str, product_id: str | None
) -> tuple[str, str, dict[str, Any], WeightedBoosters, list[str]]:
    """Run, its model, the item of the list, boosters and features, from the snapshot."""
    run_id = current_run(settings.published)
    if run_id is None:
        raise SnapshotError(
            f"nothing is published in {settings.published}: run `dbt run`, then `make score`"
        )
    asked = {"user_id": user_id, "product_id": product_id}
    try:
        with duckdb.connect(snapshot_path(settings.published, run_id), read_only=True) as snapshot:
            items = snapshot.execute(_ITEM, asked).fetchall()
            [(model,)] = snapshot.execute("select model from run").fetchall()
            boosters, features = read_model(snapshot)
    except duckdb.Error as error:
        raise SnapshotError(
            f"can't read the published snapshot ({first_line(error)}):"
            " run `make score` to publish again"
        ) from error
    if not items:
        what = "no list" if product_id is None else f"no {product_id!r} in a list"
        raise SnapshotError(
            f"user {user_id!r} has {what} of run {run_id}: ids of users are in the table users,"
            " `rankmart recommend` shows a user's list"
        )
    *fields, because_of, because_of_title = items[0]
    item: dict[str, Any] = dict(
        zip(("rank", "product_id", "title", "score", "source", "reason"), fields, strict=True)
    )
    item["because_of"] = (
        None if because_of is None else {"product_id": because_of, "title": because_of_title}
    )
    return run_id, model, item, boosters, features


def _review(warehouse: duckdb.DuckDBPyConnection, user_id: str, product_id: str) -> dict[str, Any]:
    [(rating, reviewed_at)] = warehouse.execute(
        "select rating, strftime(reviewed_at, '%Y-%m-%dT%H:%M:%SZ') from interactions"
        " where user_id = ? and product_id = ?",
        [user_id, product_id],
    ).fetchall() or [(None, None)]
    if reviewed_at is None:
        raise LookupError(product_id)
    return {"rating": rating, "reviewed_at": reviewed_at}


def _features_of(
    warehouse: duckdb.DuckDBPyConnection, user_id: str, product_id: str, features: list[str]
) -> npt.NDArray[np.float32]:
    """The row that was scored, (1, features); LookupError where there is none any more."""
    columns = ", ".join(f'cast(features."{name}" as float)' for name in features)
    rows = warehouse.execute(
        f"""
        select {columns} from user_product_features as features
        inner join users on features.user_key = users.user_key
        inner join products on features.product_key = products.product_key
        where features.split = 'serve' and users.user_id = ? and products.product_id = ?
        """,
        [user_id, product_id],
    ).fetchall()
    if not rows:
        raise LookupError(product_id)
    return np.array(
        [[math.nan if value is None else value for value in rows[0]]], dtype=np.float32
    )


def _parts(
    boosters: WeightedBoosters, features: list[str], row: npt.NDArray[np.float32]
) -> tuple[tuple[Contribution, ...], float]:
    """The contributions, largest first (of equals in the order of the features), and the bias."""
    added, bias = contributions(boosters, row)
    parts = [
        Contribution(
            feature=name,
            value=None if math.isnan(value) else value,
            contribution=contribution,
        )
        for name, value, contribution in zip(
            features, row[0].tolist(), added[0].tolist(), strict=True
        )
    ]
    return tuple(sorted(parts, key=lambda part: -abs(part.contribution))), float(bias[0])


def _other_warehouse(run_id: str) -> WarehouseError:
    return WarehouseError(
        f"the warehouse was built anew since run {run_id} was published, so what its scores were"
        " made of is gone: run `make score`, then ask again"
    )
