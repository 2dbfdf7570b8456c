"""From what is shown and done to the table of lift, and its intervals against published ones."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from litestar.testing import TestClient

from api import settings_of
from project import Project
from rankmart_serving.app import create_app

from .test_in_the_api import answer, ids, users_by_variant


def lift_of(sql: str, control: tuple[int, int], new: tuple[int, int]) -> dict[str, Any]:
    """The row of `new` by the model's own SQL, each variant as (users converting, exposed)."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table experiment_variants as select * from (values
                ('e', 'control', true), ('e', 'new', false)
            ) as rows (experiment, variant, is_control);
            create table exposed_users (experiment varchar, user_id int, variant varchar);
            create table experiment_conversions (
                experiment varchar, user_id int, kind varchar, variant varchar, event_count int
            );
            """
        )
        for variant, (converting, exposed) in {"control": control, "new": new}.items():
            connection.execute(
                "insert into exposed_users select 'e', range, ? from range(?)", [variant, exposed]
            )
            connection.execute(
                "insert into experiment_conversions"
                " select 'e', range, 'purchase', ?, 1 from range(?)",
                [variant, converting],
            )
        local = re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", sql)
        rows = connection.sql(local).to_arrow_table().to_pylist()
    [row] = [row for row in rows if (row["variant"], row["metric"]) == ("new", "purchase")]
    return dict(row)


@pytest.fixture(scope="module")
def sql(scored_shop: Project) -> str:
    found: str = scored_shop.value(
        "select sql from raw.compiled_models where model = 'experiment_lift'"
    )
    return found


@pytest.mark.parametrize(
    ("new", "control", "interval"),
    [
        # Newcombe 1998, table II, the examples a, d and f, method 10.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_intervals_of_differences_are_newcombes(
    sql: str, new: tuple[int, int], control: tuple[int, int], interval: tuple[float, float]
) -> None:
    row = lift_of(sql, control, new)

    assert row["difference"] == pytest.approx(new[0] / new[1] - control[0] / control[1])
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(interval, abs=6e-5)


def test_the_interval_of_a_rate_is_wilsons(sql: str) -> None:
    # Newcombe 1998 (single proportion), table I: 81 of 263 and 0 of 20.
    row = lift_of(sql, (1, 2), (81, 263))
    assert (row["rate_low"], row["rate_high"]) == pytest.approx((0.2553, 0.3662), abs=6e-5)
    row = lift_of(sql, (1, 2), (0, 20))
    assert (row["rate_low"], row["rate_high"]) == pytest.approx((0.0, 0.1611), abs=6e-5)


def test_the_interval_of_a_lift_is_katzs(sql: str) -> None:
    # By hand: sqrt(.2/56 + .4/48) = .10911; 4/3 times exp(-/+ 1.96 of it), less 1.
    row = lift_of(sql, (48, 80), (56, 70))
    assert row["lift"] == pytest.approx(1 / 3)
    assert (row["lift_low"], row["lift_high"]) == pytest.approx((0.0766, 0.6513), abs=6e-5)
    nobody = lift_of(sql, (48, 80), (0, 70))
    assert (nobody["lift"], nobody["lift_low"], nobody["lift_high"]) == (-1, None, None)


def test_what_the_api_shows_and_users_do_becomes_lift(trial: Project, tmp_path: Path) -> None:
    project = trial.copied_to(tmp_path)
    project = replace(project, more={"RANKMART_EVENTS": f"sqlite:///{tmp_path}/events.sqlite"})
    with TestClient(create_app(settings_of(project.published, tmp_path))) as client:
        users = users_by_variant(client)
        shown = {user: answer(client, user, "k=3") for of in users.values() for user in of[:6]}

        def tell(user: str, product: str, **more: str) -> None:
            event = {
                "event_id": f"{user} {product}",
                "user_id": user,
                "product_id": product,
                "kind": "purchase",
            }
            client.post("/v1/events", json=event | more).raise_for_status()

        for user in [*users["control"][:2], *users["together"][:3], *users[None][:4]]:
            tell(user, ids(shown[user])[0])
        beside = next(
            product["product_id"]
            for product in client.get("/v1/products/popular?k=100").json()["products"]
            if all(product["product_id"] not in ids(found) for found in shown.values())
        )
        tell(users["together"][4], beside)
        named = shown[users["together"][5]]["recommendation_id"]
        tell(users["together"][5], beside, recommendation_id=named)

    project.dbt("--select", "stg_events", "stg_exposures+", "experiment_lift").succeeded()

    found = {
        variant: rest
        for variant, *rest in project.rows(
            "select variant, exposed_users, converting_users, rate, difference, lift"
            " from experiment_lift where experiment = 'taste' and metric = 'purchase'"
        )
    }
    assert found["control"] == [6, 2, pytest.approx(1 / 3), None, None]
    assert found["together"] == [6, 4, pytest.approx(2 / 3), pytest.approx(1 / 3), 1]
    assert found["before"] == [6, 0, 0, pytest.approx(-1 / 3), -1]
    assert project.value("select count(*) from experiment_lift where metric = 'view'") == 5
    assert (
        project.value("select sum(exposed_users) from experiment_lift where experiment = 'over'")
        == 0
    )


def test_with_events_off_nobody_is_exposed(trial: Project) -> None:
    assert trial.rows(
        "select distinct variant, exposed_users, rate, lift from experiment_lift"
        " where experiment = 'taste' order by variant"
    ) == [(variant, 0, None, None) for variant in ("before", "control", "together")]
