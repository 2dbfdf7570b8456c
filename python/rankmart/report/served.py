"""What the published lists are like, who gets them, and who gets bad ones."""

from dataclasses import dataclass

import duckdb

from rankmart.errors import MissingTableError
from rankmart.reasons import FOR_EVERYONE
from rankmart.recorded import RecordedRun
from rankmart.sql import sql_text


@dataclass(frozen=True)
class Lists:
    """The lists of a run. `concentration` is the part of all places that the ten most listed take.

    reasons, sources: (name, share of the places), the largest first.
    """

    users: int
    users_without: int
    impersonal: int
    products: int
    concentration: float
    reasons: tuple[tuple[str, float], ...]
    sources: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Band:
    """Test users who share a trait: how many, how many without a hit, and how they fare."""

    band: str
    users: int
    without_hit: int
    ndcg: float
    above_popular: float

    @property
    def share_without_hit(self) -> float:
        return self.without_hit / self.users


def read_lists(connection: duckdb.DuckDBPyConnection) -> Lists:
    """`reported_lists` in figures; a user without a list has no personal products either."""
    [(users, products, personal)] = connection.execute(
        "select count(distinct user_id), count(distinct product_id),"
        " count(distinct if(list_contains($impersonal, reason_type), null, user_id))"
        " from reported_lists",
        {"impersonal": [*FOR_EVERYONE, "rule"]},
    ).fetchall()
    [(everyone,)] = connection.execute("select count(*) from users").fetchall()
    [(concentration,)] = connection.execute(
        """
        select coalesce(sum(places) / (select count(*) from reported_lists), 0)
        from (
            select count(*) as places
            from reported_lists
            group by product_id
            order by places desc
            limit 10
        )
        """
    ).fetchall()
    shares = {
        column: tuple(
            connection.execute(
                f"select {column}, count(*) / sum(count(*)) over () as share from reported_lists"
                f" group by {column} order by share desc, {column}"
            ).fetchall()
        )
        for column in ("reason_type", "source")
    }
    return Lists(
        users=users,
        users_without=everyone - users,
        impersonal=everyone - personal,
        products=products,
        concentration=concentration,
        reasons=shares["reason_type"],
        sources=shares["source"],
    )


def read_bands(
    connection: duckdb.DuckDBPyConnection, run: RecordedRun
) -> dict[str, tuple[Band, ...]]:
    """Test users by trait, each in order of its bands; empty where their values are not kept.

    Raises MissingTableError where an earlier version built the warehouse.
    """
    try:
        found = connection.execute(
            sql_text("badly_served"), {"run_id": run.run_id, "model": run.model}
        ).fetchall()
    except duckdb.CatalogException as error:
        raise MissingTableError("user_bands", build_with="dbt run") from error
    bands: dict[str, tuple[Band, ...]] = {}
    for name, *band in found:
        trait = name.capitalize()
        bands[trait] = (*bands.get(trait, ()), Band(*band))
    return bands
