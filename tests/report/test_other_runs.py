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
    assert "A later run, later, was refused: it is worse." in html.section("short")


def test_where_every_run_was_refused_the_last_one_is_shown_with_its_lists(shop: Project) -> None:
    shop.change(
        "update ranker.runs set verdict = 'refused', verdict_reason = 'it is no better',"
        " is_current = false",
        "insert into ranker.refused_recommendations select * from ranker.recommendations",
        "delete from ranker.recommendations",
        "delete from ranker.fallback_recommendations",
    )
    html = parsed(page_of(shop))
    assert "This run is not published: it is no better." in html.section("short")
    users = shop.value("select count(distinct user_id) from ranker.refused_recommendations")
    assert f"{users:,} users have a list." in html.section("short")
    assert "A long history" in html.section("examples")
    assert "Somebody whom nobody knows" not in html.section("examples")
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
