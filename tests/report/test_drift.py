"""A run beside the one before: figures, sizes, settings, and lists by hand."""

import shutil

import duckdb
import pytest

from project import Project
from rankmart.report.drift import Drift

from .conftest import content_of, page_of
from .parsed import parsed

EARLIER = "20200101-earlier"


@pytest.fixture
def second(shop: Project) -> Project:
    """The shop's run, with an earlier one of half the quality and a tenth fewer interactions."""
    shop.change(
        f"insert into ranker.runs select * replace ('{EARLIER}' as run_id, false as is_current,"
        " created_at - interval 1 day as created_at, 8 as seed,"
        " cast(interaction_count / 2 as bigint) as interaction_count,"
        " json_merge_patch(parameters, '{\"diversity\": 0.3}') as parameters) from ranker.runs",
        f"insert into ranker.evaluation select * replace ('{EARLIER}' as run_id,"
        " value / 2 as value, ci_low / 2 as ci_low, ci_high / 2 as ci_high)"
        " from ranker.evaluation",
    )
    return shop


@pytest.fixture
def with_snapshot(second: Project) -> Project:
    """The same with the earlier run's snapshot, in which some lists are different."""
    earlier = second.published / f"{EARLIER}.duckdb"
    shutil.copy(second.published / f"{second.current_run}.duckdb", earlier)
    with duckdb.connect(earlier) as snapshot:
        first, other, gone = (
            user
            for (user,) in snapshot.execute(
                "select user_id from recommendation_lists order by user_id limit 3"
            ).fetchall()
        )
        # The first two products change places: all ten in common, another first.
        snapshot.execute(
            "update recommendation_lists set items = replace(replace(replace(items,"
            " '\"rank\":1,', '\"rank\":0,'), '\"rank\":2,', '\"rank\":1,'),"
            " '\"rank\":0,', '\"rank\":2,') where user_id = ?",
            [first],
        ).fetchall()
        # A third product that is in no list now: nine in common, the same first.
        third = "json_extract_string(items, '$[2].product_id')"
        snapshot.execute(
            f"update recommendation_lists set items = replace(items, {third}, 'NOBODYS')"
            " where user_id = ?",
            [other],
        ).fetchall()
        snapshot.execute("delete from recommendation_lists where user_id = ?", [gone]).fetchall()
        snapshot.execute(
            "insert into recommendation_lists values ('SOMEBODYELSE', '[]')"
        ).fetchall()
    return second


def drift_of(project: Project) -> Drift:
    drift = content_of(project).drift
    assert drift is not None
    return drift


def test_figures_and_sizes_are_beside_those_before(second: Project) -> None:
    drift = drift_of(second)
    assert drift.before.run_id == EARLIER
    ndcg = drift.metrics[0]
    now = second.value(
        "select value from ranker.evaluation where model = 'ranker' and metric = 'ndcg'"
        " and k = 10 and segment = 'all' and run_id = ?",
        [second.current_run],
    )
    assert (ndcg.before, ndcg.now) == pytest.approx((now / 2, now))
    # Twice as good, and the intervals of 600 users do not meet.
    assert ndcg.note == "above"
    sizes = {change.name: change for change in drift.sizes}
    assert sizes["Interactions"].share == pytest.approx(1, abs=1e-3)
    assert sizes["Users"].share == 0


def test_a_difference_within_the_intervals_may_be_chance(second: Project) -> None:
    second.change(
        f"update ranker.evaluation set value = value * 1.98 where run_id = '{EARLIER}'",
        f"update ranker.evaluation set ci_low = value - 0.02, ci_high = value + 0.02"
        f" where run_id = '{EARLIER}'",
    )
    assert drift_of(second).metrics[0].note == "within chance"
    assert "which may be chance" in parsed(page_of(second)).section("short")


def test_settings_are_told_where_they_differ(second: Project) -> None:
    assert drift_of(second).settings == (("diversity", "0.3", "0.0"), ("seed", "8", "7"))


def test_without_the_snapshot_before_lists_are_not_compared(second: Project) -> None:
    drift = drift_of(second)
    assert drift.lists is None
    section = parsed(page_of(second)).section("drift")
    assert f"the snapshot {EARLIER}.duckdb is not kept" in section


def test_lists_are_compared_by_user(with_snapshot: Project) -> None:
    lists = drift_of(with_snapshot).lists
    assert lists is not None
    users = with_snapshot.value("select count(distinct user_id) from ranker.recommendations")
    # One has no list before; somebody else has an empty one, which is none.
    assert (lists.users, lists.new_users, lists.gone_users) == (users - 1, 1, 0)
    assert lists.changed == pytest.approx(2 / (users - 1))
    assert 1 - lists.same_first == pytest.approx(1 / (users - 1))
    assert lists.mean_overlap == pytest.approx(10 - 1 / (users - 1))
    assert lists.overlaps[9] == pytest.approx(1 / (users - 1))
    assert sum(lists.overlaps) == pytest.approx(1)


def test_values_that_did_not_change_are_alike(with_snapshot: Project) -> None:
    distributions = {row.name: row for row in drift_of(with_snapshot).distributions}
    assert distributions.keys() == {
        "Products in a user's history",
        "Stars given",
        "Reviews of a recommended product",
        "Score of a first place",
    }
    stars = distributions["Stars given"]
    assert stars.before == stars.now
    assert stars.index == 0
    assert stars.words == "alike"


def test_a_damaged_snapshot_is_told_of(with_snapshot: Project) -> None:
    (with_snapshot.published / f"{EARLIER}.duckdb").write_bytes(b"no database")
    assert "a snapshot can't be read" in parsed(page_of(with_snapshot)).section("drift")


def test_the_page_tells_of_both_runs(with_snapshot: Project) -> None:
    html = parsed(page_of(with_snapshot))
    assert EARLIER in html.section("drift")
    assert "a rise that chance does not explain" in html.section("short")
    rows = {row[0]: row[1:] for row in html.rows("Sizes")}
    assert rows["Interactions"][2] == "+100 %"
