"""The page says what the warehouse says, fetches nothing, and can be read by anyone."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from project import Project

from .conftest import page_of
from .parsed import parsed


def test_it_begins_with_the_run_and_its_verdict(page: str, scored_shop: Project) -> None:
    run_id, reason, fingerprint = scored_shop.rows(
        "select run_id, verdict_reason, data_fingerprint from ranker.runs"
    )[0]
    html = parsed(page)
    [heading] = html.named("h1")
    assert heading.text == f"Run {run_id}"
    [header] = html.named("header")
    text = " ".join(header.text.split())
    assert f"published{reason}" in text
    assert fingerprint in text


def test_lines_and_rejects_are_those_of_the_marts(page: str, scored_shop: Project) -> None:
    html = parsed(page)
    [(read, accepted, duplicate, rejected)] = scored_shop.rows(
        "select lines_read, accepted_lines, duplicate_lines, rejected_lines from reading_report"
    )
    [row] = html.rows("What became of the lines")
    assert row[0] == "reviews.csv"
    assert row[2:] == [f"{count:,}" for count in (read, accepted, duplicate, rejected)] + ["0"]
    counts = scored_shop.rows("select reason, count(*) from rejected_reviews group by reason")
    shown = {row[0]: int(row[1].replace(",", "")) for row in html.rows("Why lines were rejected")}
    assert shown == dict(counts)


def test_the_first_line_of_a_reason_is_the_one_in_the_file(
    page: str, scored_shop: Project
) -> None:
    reason, line = scored_shop.rows(
        "select reason, min(source_line) from rejected_reviews where reason = 'empty user id'"
        " group by reason"
    )[0]
    [shown] = [row for row in parsed(page).rows("Why lines") if row[0] == reason]
    assert shown[3].startswith(f"reviews.csv, line {line}")


def test_every_model_has_its_figures_and_interval(page: str, scored_shop: Project) -> None:
    figures = scored_shop.rows(
        "select model, value, ci_low, ci_high from ranker.evaluation"
        " where metric = 'ndcg' and k = 10 and segment = 'all' order by value desc"
    )
    shown = parsed(page).rows("Figures at 10")
    assert [row[0].removesuffix(" these lists") for row in shown] == [row[0] for row in figures]
    assert [row[0] for row in shown if row[0].endswith("these lists")] == ["ranker these lists"]
    for row, (_, value, low, high) in zip(shown, figures, strict=True):
        assert row[1:3] == [f"{value:.4f}", f"{low:.4f} to {high:.4f}"]


def test_differences_say_what_their_intervals_say(page: str, scored_shop: Project) -> None:
    found = {
        baseline: (low, high)
        for baseline, low, high in scored_shop.rows(
            "select baseline, ci_low, ci_high from ranker.evaluation_differences"
            " where metric = 'ndcg' and k = 10"
        )
    }
    shown = {row[0]: row[3] for row in parsed(page).rows("By how much")}
    assert shown.keys() == found.keys()
    for baseline, (low, high) in found.items():
        expected = "better" if low > 0 else "worse" if high < 0 else "within chance"
        assert shown[baseline] == expected


def test_segments_have_their_users(page: str, scored_shop: Project) -> None:
    users = scored_shop.rows(
        "select segment, users from ranker.evaluation where model = 'ranker' and metric = 'ndcg'"
        " and k = 10 and segment != 'all'"
    )
    shown = {row[0]: int(row[1]) for row in parsed(page).rows("NDCG@10 by segment")}
    assert shown == dict(users)


def test_who_is_served_badly_counts_every_test_user_by_every_trait(
    page: str, scored_shop: Project
) -> None:
    users, without = scored_shop.rows(
        "select count(*), count_if(hit_rate_at_10 = 0) from ranker.user_evaluation"
        " where model = 'ranker'"
    )[0]
    rows = parsed(page).rows("Lists of ten, by trait")
    starts = [place for place, row in enumerate(rows) if len(row) == 1]
    assert len(starts) == 3
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        bands = rows[start + 1 : end]
        assert sum(int(band[1]) for band in bands) == users
        assert sum(int(band[2]) for band in bands) == without


def test_an_example_is_a_user_with_their_history_and_list(page: str, scored_shop: Project) -> None:
    html = parsed(page)
    titles = [element.text for element in html.named("h3")]
    [user] = [title.split(": ")[1] for title in titles if title.startswith("A short history")]
    history = scored_shop.rows(
        "select product_id from interactions where user_id = ? order by position desc", [user]
    )
    assert 2 <= len(history) <= 4
    listed = scored_shop.rows(
        "select lists.product_id, because_of.title from ranker.recommendations as lists"
        " left join products as because_of on lists.because_of_product_id = because_of.product_id"
        " where user_id = ? and rank <= 10 order by rank",
        [user],
    )
    [article] = [element for element in html.named("article") if user in element.text]
    text = " ".join(article.text.split())
    for (product_id,) in history:
        assert product_id in text
    places = [text.index(product_id, text.index("Recommended")) for product_id, _ in listed]
    assert places == sorted(places)
    for _, because_of in listed:
        assert because_of is None or f"because of {because_of}" in text


def test_the_features_are_ordered_by_gain(page: str, scored_shop: Project) -> None:
    features = scored_shop.rows(
        "select feature from ranker.feature_importance order by gain desc, feature limit 12"
    )
    shown = [row[0] for row in parsed(page).rows("The weightiest features")]
    assert shown == [feature for (feature,) in features]


def test_the_first_run_has_none_to_be_compared_with(page: str) -> None:
    assert "This is the first run that was published" in parsed(page).section("drift")


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    html = parsed(page)
    assert html.named("script", "link", "img", "iframe", "object", "use", "base") == []
    for element in html.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src", "xlink:href"):
                assert (value or "").startswith("#")
    # A scheme, or an address without one; the style sheet loads nothing either.
    assert "http" not in page.replace("http-equiv", "")
    assert not re.search(r"url\(|@import|src=", page)
    assert "default-src 'none'" in page


def test_all_text_of_the_data_is_escaped(shop: Project) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=\"alert('2')\">&amp;"
    quoted = evil.replace("'", "''")
    shop.change(
        f"update products set title = '{quoted}'",
        f"update reviews set title = '{quoted}'",
        f"update rejected_reviews set raw_line = '{quoted}', reason = '{quoted}'",
        f"update reading_report set source_form = '{quoted}'",
        f"update ranker.runs set verdict_reason = '{quoted}'",
        f"update ranker.recommendations set source = '{quoted}', reason_type = '{quoted}'",
        f"update ranker.evaluation set model = '{quoted}' where model = 'factors'",
        f"update ranker.evaluation_differences set baseline = '{quoted}'"
        " where baseline = 'factors'",
        f"update ranker.feature_importance set feature = '{quoted}' where feature = 'standing'",
    )
    page = page_of(shop)
    html = parsed(page)
    assert "<script" not in page
    assert html.named("script", "img") == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert evil in html.section("examples")
    assert evil in html.section("data")


def test_tables_have_captions_and_charts_have_words(page: str) -> None:
    html = parsed(page)
    tables = html.named("table")
    assert len(tables) > 10
    captions = [element.inside[-1] for element in html.named("caption")]
    assert [id(table) for table in captions] == [id(table) for table in tables]
    for head in html.named("th"):
        assert head.attributes.get("scope") in ("col", "row", "rowgroup")
    ids = [element.attributes["id"] for element in html.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    charts = html.named("svg")
    assert charts
    for chart in charts:
        if chart.attributes.get("aria-hidden") == "true":
            continue
        assert chart.attributes["role"] == "img"
        assert set((chart.attributes["aria-labelledby"] or "").split()) <= set(ids)
    for element in html.elements:
        if "aria-labelledby" in element.attributes:
            assert set((element.attributes["aria-labelledby"] or "").split()) <= set(ids)
    for link in html.named("a"):
        assert (link.attributes["href"] or "")[1:] in ids


def test_headings_skip_no_level(page: str) -> None:
    levels = [int(element.tag[1]) for element in parsed(page).named("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_same_warehouse_gives_the_same_page(page: str, scored_shop: Project) -> None:
    assert page_of(scored_shop) == page


def test_the_command_writes_the_page(scored_shop: Project, page: str, tmp_path: Path) -> None:
    out = tmp_path / "folder" / "report.html"
    said = scored_shop.rankmart("report", "--out", str(out)).succeeded()
    assert f"Wrote {out}, on run {scored_shop.current_run}." in said.stdout
    assert out.read_text(encoding="utf-8") == page
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize("before", [None, "the page of yesterday"])
def test_what_can_not_be_written_whole_is_not_written(
    content: object,
    scored_shop: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: str | None,
) -> None:
    from rankmart.errors import RankmartError
    from rankmart.report import page as module
    from rankmart.settings import Settings

    out = tmp_path / "report.html"
    if before is not None:
        out.write_text(before, encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rankmart.whole_files.os.replace", full)
    monkeypatch.setattr(module, "read_content", lambda _: content)
    with pytest.raises(RankmartError, match=r"No space left on device.*--out"):
        module.write_report(Settings(warehouse=scored_shop.warehouse), out)
    assert [path.name for path in tmp_path.iterdir()] == ([] if before is None else [out.name])
    assert before is None or out.read_text(encoding="utf-8") == before


def test_without_a_warehouse_the_message_says_what_to_run(project: Project) -> None:
    assert "run `dbt run` first" in project.rankmart("report").failed_plainly()
