"""The page on runs that are not as usual: refused, of a generator, on a warehouse built since."""

from project import Project

from .conftest import page_of
from .parsed import parsed


def test_a_run_of_a_generator_says_so_and_weighs_no_features(shop: Project) -> None:
    shop.change(
        "update ranker.runs set model = 'next', parameters = '{\"model\": \"next\"}'",
        "delete from ranker.feature_importance",
    )
    html = parsed(page_of(shop))
    assert "The lists are those of next, a generator" in html.section("short")
    assert "there are no features to weigh" in html.section("features")
    value = shop.value(
        "select value from ranker.evaluation where model = 'next' and metric = 'ndcg'"
        " and k = 10 and segment = 'all'"
    )
    assert f"NDCG@10 of next is {value:.4f}" in html.section("short")
    [own] = [row for row in html.rows("Figures at 10") if row[0].endswith("these lists")]
    assert own[0] == "next these lists"


def test_a_later_run_that_was_refused_is_told_of(shop: Project, scored_shop: Project) -> None:
    shop.change(
        "insert into ranker.runs select * replace ('later' as run_id, 'refused' as verdict,"
        " 'it is worse' as verdict_reason, false as is_current,"
        " created_at + interval 1 day as created_at) from ranker.runs"
    )
    html = parsed(page_of(shop))
    assert html.named("h1")[0].text == f"Run {scored_shop.current_run}"
    assert "A later run, later, was refused. The gate said: it is worse." in html.section("short")


def test_where_every_run_was_refused_the_last_one_is_shown_with_its_lists(shop: Project) -> None:
    shop.change(
        "update ranker.runs set verdict = 'refused', verdict_reason = 'it is no better',"
        " is_current = false",
        "insert into ranker.refused_recommendations select * from ranker.recommendations",
        "delete from ranker.recommendations",
        "delete from ranker.fallback_recommendations",
    )
    html = parsed(page_of(shop))
    assert "The gate said: it is no better." in html.section("short")
    users = shop.value("select count(distinct user_id) from ranker.refused_recommendations")
    assert f"{users:,} users have a list." in html.section("short")
    assert "A long history" in html.section("examples")
    assert "This run is refused: `rankmart publish --accept`" in html.section("short")
    assert "No run was published before this one" in html.section("drift")


def test_a_warehouse_of_other_data_than_the_run_is_told_of(shop: Project, page: str) -> None:
    sentence = "The warehouse was built anew since this run, from other data"
    assert sentence not in page
    shop.change("delete from interactions where user_key = 1")
    assert sentence in page_of(shop)


def test_without_ratings_titles_and_rejects_there_is_a_page_all_the_same(shop: Project) -> None:
    shop.change(
        "update reviews set rating = null, title = null",
        "update interactions set rating = null",
        "update products set title = null",
        "delete from rejected_reviews",
        "update reading_report set rejected_lines = 0, accepted_lines = lines_read,"
        " duplicate_lines = 0",
    )
    html = parsed(page_of(shop))
    assert "No line was rejected." in html.section("data")
    assert "Stars given" not in html.section("data")
    assert "lines read were fit to be used" in html.section("short")


def test_a_warehouse_without_a_run_says_to_score(shop: Project) -> None:
    shop.change("delete from ranker.runs")
    assert "run `make score` first" in shop.rankmart("report").failed_plainly()
    shop.change("drop schema ranker cascade")
    assert "run `make score` first" in shop.rankmart("report").failed_plainly()


def test_a_run_that_was_gone_back_to_is_shown_with_the_lists_of_its_snapshot(
    shop: Project, scored_shop: Project, page: str
) -> None:
    shop.change(
        "insert into ranker.runs select * replace ('later' as run_id, false as is_current,"
        " created_at + interval 1 day as created_at) from ranker.runs",
        "update ranker.recommendations set run_id = 'later'",
        "update ranker.fallback_recommendations set run_id = 'later'",
        "update ranker.user_evaluation set run_id = 'later'",
    )
    html = parsed(page_of(shop))
    assert html.named("h1")[0].text == f"Run {scored_shop.current_run}"
    assert "A later run, later, was published and gone back from." in html.section("short")
    before = parsed(page)
    # The miss is chosen by values of single users, which the warehouse has of the later run.
    shown, examples = html.section("examples"), before.section("examples")
    assert examples[: examples.index("A miss")] in shown
    assert examples[examples.index("Somebody") :] in shown
    assert html.rows("Which generator") == before.rows("Which generator")
    assert "whose lists the warehouse has, and this is none of them" in html.section("badly")

    (shop.published / f"{scored_shop.current_run}.duckdb").unlink()
    without = parsed(page_of(shop))
    assert "the snapshot of this one is not kept" in without.section("examples")
    assert "users have a list" not in without.section("short")


def test_a_run_that_is_held_is_told_of_beside_the_one_that_is_served(shop: Project) -> None:
    shop.change(
        "insert into ranker.runs select * replace ('held' as run_id, 'held' as verdict,"
        " false as is_current, created_at + interval 1 day as created_at) from ranker.runs"
    )
    assert "A later run, held, is held for `rankmart publish`." in parsed(page_of(shop)).section(
        "short"
    )


def test_on_a_warehouse_of_an_earlier_version_the_message_says_what_to_run(shop: Project) -> None:
    shop.change("drop table user_bands")
    message = shop.rankmart("report").failed_plainly()
    assert "user_bands" in message
    assert "`dbt run`" in message
