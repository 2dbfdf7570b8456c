"""List rules from the CSV to what the API answers, on the communities."""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from litestar import Litestar
from litestar.testing import TestClient

from end_to_end.communities import reviews
from project import ROOT, Finished, Project
from rankmart.rules import COLUMNS
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

BLOCKED = "c00-p1"
FIRST, THIRD = "c01-p0", "c02-p1"
BOOSTED_BRAND = "Glas"
RULES = (
    f"block,{BLOCKED},,,,,,",
    f"pin,{BLOCKED},,,,5,,",
    # A variant: the family's representative is what is pinned.
    f"pin,{FIRST}-blue,,,,1,2024-01-01,2024-06-30",
    f"pin,{THIRD},,,,3,,",
    f"boost,,{BOOSTED_BRAND},,100,,,",
    "block,,Holz,,,,,2023-12-31",
    "pin,c03-p3,,,,2,2024-07-01,",
)
LISTS = """
select user_id, product_id, score, source, reason_type
from ranker.recommendations order by user_id, rank
"""
Lists = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def ruled(temporal: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = temporal.copied_to(tmp_path_factory.mktemp("ruled"))
    project.seed(*RULES).succeeded()
    project = replace(project, more={"RANKMART_TODAY": "2024-06-15"})
    project.rankmart("score").succeeded()
    return project


@pytest.fixture(scope="module")
def has() -> dict[str, set[str]]:
    """By user, what they have reviewed."""
    found = defaultdict(set)
    for review in reviews():
        found[review.user_id].add(review.product_id)
    return dict(found)


def lists_of(project: Project) -> Lists:
    found: Lists = {}
    for user, *rest in project.rows(LISTS):
        found.setdefault(user, []).append(tuple(rest))
    return found


@pytest.fixture(scope="module")
def lists(ruled: Project) -> Lists:
    return lists_of(ruled)


@pytest.fixture(scope="module")
def client(ruled: Project) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(Settings(published=ruled.published))) as client:
        yield client


def test_what_is_blocked_is_in_no_list(ruled: Project, temporal: Project) -> None:
    listed = f"select count(*) from ranker.recommendations where product_id = '{BLOCKED}'"
    assert temporal.value(listed) > 0
    assert ruled.value(listed) == 0


def test_pins_stand_at_their_places_but_not_with_those_who_have_them(
    lists: Lists, has: dict[str, set[str]]
) -> None:
    places: defaultdict[str, set[int]] = defaultdict(set)
    for user, rows in lists.items():
        for place, (product, _, source, reason) in enumerate(rows, start=1):
            assert (source == "rule") == (reason == "rule") == (product in (FIRST, THIRD))
            if source == "rule":
                places[product].add(place)
                assert product not in has[user]
    assert places == {FIRST: {1}, THIRD: {3}}
    for pinned in (FIRST, THIRD):
        with_it = {user for user, rows in lists.items() if pinned in [row[0] for row in rows]}
        assert with_it == {user for user in has if pinned not in has[user]}


def test_what_is_boosted_much_stands_above_all_that_is_not(
    ruled: Project, temporal: Project
) -> None:
    boosted, plain = (boosted_places(project) for project in (ruled, temporal))
    assert len(boosted) == 288
    assert {brands[0] for brands in boosted} == {"1"}
    assert {"01" in brands for brands in boosted} == {False}
    # Without the rule a third of what is listed is of that brand, and first with a third of users.
    assert sum(brands[0] == "1" for brands in plain) < 0.5 * len(plain)
    assert any("01" in brands for brands in plain)
    assert sum(map(ones, boosted)) > 2 * sum(map(ones, plain))


def ones(brands: str) -> int:
    return brands.count("1")


def boosted_places(project: Project) -> list[str]:
    """A list's products in order, 1 for one of the boosted brand, 0 for another."""
    rows = project.rows(
        "select user_id, string_agg(if(brand = ?, '1', '0'), '' order by rank)"
        " from ranker.recommendations inner join products using (product_id)"
        " where source != 'rule' group by user_id",
        [BOOSTED_BRAND],
    )
    return [brands for _, brands in rows]


def test_scores_are_those_of_the_model(lists: Lists, temporal: Project) -> None:
    compared = 0
    for user, rows in lists_of(temporal).items():
        scores = {product: score for product, score, *_ in rows}
        both = [row for row in lists[user] if row[0] in scores and row[2] != "rule"]
        compared += len(both)
        for product, score, *_ in both:
            assert score == scores[product]
    # The rule changes most lists as a whole, so some users have nothing to compare.
    assert compared > 1_000


def test_lists_stay_as_long_and_have_no_product_twice(lists: Lists) -> None:
    for rows in lists.values():
        assert len(rows) == 20
        assert len({row[0] for row in rows}) == 20


def test_rules_hold_for_unknown_users_too(client: TestClient[Litestar]) -> None:
    items = client.get("/v1/users/nobody/recommendations?k=20").json()["items"]
    assert (items[0]["product_id"], items[2]["product_id"]) == (FIRST, THIRD)
    assert items[0]["source"] == "rule"
    assert items[0]["reason"] == {"type": "rule", "product_id": None, "title": None, "terms": None}
    assert BLOCKED not in [item["product_id"] for item in items]


def test_the_api_answers_with_pins(client: TestClient[Litestar], has: dict[str, set[str]]) -> None:
    user = min(user for user in has if {FIRST, THIRD}.isdisjoint(has[user]))
    items = client.get(f"/v1/users/{user}/recommendations?k=3").json()["items"]
    assert [item["source"] == "rule" for item in items] == [True, False, True]
    assert items[0]["title"] == "Thing 0 of 1"


def test_figures_are_of_lists_without_rules(ruled: Project, temporal: Project) -> None:
    figures = "select model, metric, k, value from ranker.evaluation where run_id = ? order by all"
    assert ruled.rows(figures, [ruled.current_run]) == temporal.rows(
        figures, [temporal.current_run]
    )


def test_the_run_tells_its_rules_by_a_fingerprint(ruled: Project, temporal: Project) -> None:
    assert ruled.current_run != temporal.current_run
    made = {
        run_id: json.loads(parameters)
        for run_id, parameters in ruled.rows("select run_id, parameters from ranker.runs")
    }
    assert made[temporal.current_run]["list_rules"] is None
    assert len(made[ruled.current_run]["list_rules"]) == 16


def test_another_day_with_the_same_rules_is_the_same_run(ruled: Project, tmp_path: Path) -> None:
    copy = replace(ruled.copied_to(tmp_path), more={"RANKMART_TODAY": "2024-06-30"})
    copy.rankmart("score").succeeded()
    assert copy.current_run == ruled.current_run


def test_the_tests_of_dbt_pass_on_rules_and_lists(ruled: Project) -> None:
    ruled.dbt_test("list_rules", "source:ranker").succeeded()


def test_the_tests_of_dbt_find_unsound_rules(temporal: Project, tmp_path: Path) -> None:
    project = temporal.copied_to(tmp_path)
    project.seed(
        "hide,c00-p1,,,,,,", "block,c00-p1,Ton,,,,,", "pin,c00-p1,,,,,,", "pin,,Ton,,,1,,"
    ).succeeded()
    failed = project.dbt_test("list_rules")
    assert failed.exit_code == 1
    for name, rows in (
        ("accepted_values_list_rules_rule__block__pin__boost", 1),
        ("list_rules__name_exactly_one_target", 2),
        ("list_rules__have_what_their_kind_needs", 1),
    ):
        assert f"FAIL {rows} {name}" in failed.output, failed.output


def test_a_pin_of_an_unknown_product_ends_scoring_with_the_row(
    temporal: Project, tmp_path: Path
) -> None:
    project = temporal.copied_to(tmp_path)
    project.change("insert into list_rules (rule, product_id, position) values ('pin', 'p?', 2)")
    message = project.rankmart("score").failed_plainly()
    assert "list rule 'pin,p?,,,,2': no product 'p?' in the table products" in message
    assert "dbt seed" in message
    assert project.current_run == temporal.current_run


def test_rules_that_block_all_are_told(temporal: Project, tmp_path: Path) -> None:
    project = temporal.copied_to(tmp_path)
    project.change("insert into list_rules (rule, category) values ('block', 'Things')")
    assert "list_rules block it" in project.rankmart("score").failed_plainly()


def test_an_edit_without_dbt_seed_is_told(ruled: Project, tmp_path: Path) -> None:
    project = ruled.copied_to(tmp_path)
    shutil.copytree(ruled.root / "dbt_project", tmp_path / "dbt_project")
    assert not warned(project.rankmart("score").succeeded())
    with (tmp_path / "dbt_project/seeds/list_rules.csv").open("a", encoding="utf-8") as file:
        file.write("block,c05-p5,,,,,,\n")
    assert warned(project.rankmart("score").succeeded())


def warned(finished: Finished) -> bool:
    return "dbt_project/seeds/list_rules.csv is not what was seeded last" in finished.stderr


def test_the_columns_are_the_same_wherever_they_stand(temporal: Project) -> None:
    header = (ROOT / "dbt_project/seeds/list_rules.csv").read_text(encoding="utf-8")
    assert header == ",".join(COLUMNS) + "\n"
    about = yaml.safe_load(
        (ROOT / "dbt_project/seeds/_list_rules.yml").read_text(encoding="utf-8")
    )
    assert about["seeds"][0]["config"]["column_types"] == COLUMNS
    table = temporal.rows(
        "select column_name, lower(data_type) from information_schema.columns"
        " where table_name = 'list_rules' order by ordinal_position"
    )
    assert dict(table) == COLUMNS
