"""Users get their variant's lists, and what they are shown is noted."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import settings_of
from project import Project
from rankmart.exposures import exposures_table
from rankmart_serving.app import create_app

VARIANTS = ("control", "together", "before")


def users_by_variant(client: TestClient[Litestar]) -> dict[str | None, list[str]]:
    """Users of the run by their variant, by what the API says; None: in no variant."""
    found: dict[str | None, list[str]] = {}
    users = client.get("/v1/users?k=100").json()["user_ids"]
    asked = {"user_ids": users, "exposure": False}
    for answer in client.post("/v1/recommendations", json=asked).json()["answers"]:
        found.setdefault(answer.get("variant"), []).append(answer["user_id"])
    return found


def answer(client: TestClient[Litestar], user_id: str, query: str = "") -> dict[str, Any]:
    response = client.get(f"/v1/users/{user_id}/recommendations?{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in found["items"]]


def exposures(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = exposures_table(f"sqlite:///{folder}/events.sqlite").to_pylist()
    return rows


def test_each_variant_has_lists_of_its_own(
    shop: TestClient[Litestar], trial: Project, scored_shop: Project
) -> None:
    users = users_by_variant(shop)
    assert set(users) == {*VARIANTS, None}
    run = trial.current_run

    for user in users["control"][:5]:
        found = answer(shop, user, "k=20")
        assert (found["run_id"], found["model"]) == (run, "ranker")
        assert ids(found) == listed(trial, user)
    for user in users["together"][:5]:
        found = answer(shop, user, "k=20")
        assert (found["run_id"], found["model"]) == (run, "co_visited")
        assert ids(found) == listed(trial, user, "co_visited")
        assert ids(found)[:3] == by_co_visitation(trial, user)[:3]
    for user in users["before"][:5]:
        found = answer(shop, user, "k=20")
        assert found["run_id"] == scored_shop.current_run != run
        assert ids(found) == listed(scored_shop, user)
    for user in users[None][:5]:
        found = answer(shop, user)
        assert found["run_id"] == run
        assert not {"experiment", "variant", "recommendation_id"} & set(found)


def listed(project: Project, user: str, generator: str = "") -> list[str]:
    table = "variant_recommendations" if generator else "recommendations"
    whose = f"and list = '{generator}'" if generator else ""
    rows = project.rows(
        f"select product_id from ranker.{table} where user_id = ? {whose} order by rank", [user]
    )
    return [product for (product,) in rows]


def by_co_visitation(project: Project, user: str) -> list[str]:
    rows = project.rows(
        "select product_keys.product_id from intermediate.candidates_co_visited as candidates"
        " inner join intermediate.product_keys using (product_key)"
        " inner join users using (user_key)"
        " where split = 'serve' and user_id = ? order by source_rank",
        [user],
    )
    return [product for (product,) in rows]


def test_only_users_of_a_generators_variant_have_lists_by_it(trial: Project) -> None:
    [(everyone,)] = trial.rows("select count(distinct user_id) from ranker.recommendations")
    by_generator = dict(
        trial.rows(
            "select list, count(distinct user_id) from ranker.variant_recommendations"
            " group by list"
        )
    )
    assert set(by_generator) == {"co_visited", "popular"}
    # `to come` gives popular to all.
    assert by_generator["popular"] == everyone
    assert 0.2 < by_generator["co_visited"] / everyone < 0.4


def test_an_answer_has_an_id_of_its_own_and_is_noted_with_what_it_showed(
    trial: Project, tmp_path: Path
) -> None:
    with TestClient(create_app(settings_of(trial.published, tmp_path))) as client:
        users = users_by_variant(client)
        answers = [
            answer(client, users[variant][0], "k=3") for variant in VARIANTS for _ in range(2)
        ]
        answers.append(answer(client, users["control"][0], "k=3&offset=100"))
        unseen = [
            answer(client, users["control"][0], "exposure=false"),
            answer(client, users[None][0]),
            answer(client, users["control"][0], f"run_id={trial.current_run}"),
        ]
        batch = client.post(
            "/v1/recommendations", json={"user_ids": [users["together"][1], users[None][0]]}
        ).json()["answers"]
        client.post(
            "/v1/sessions/recommendations", json={"product_ids": [ids(answers[0])[0]]}
        ).raise_for_status()
    before = int(time.time()) - 60

    assert all("recommendation_id" not in found for found in [*unseen, batch[1]])
    assert unseen[0]["variant"] == "control"
    assert "variant" not in unseen[2]
    expected = {
        found["recommendation_id"]: (
            "taste",
            found["variant"],
            found["user_id"],
            found["run_id"],
            ids(found),
        )
        for found in [*answers, batch[0]]
    }
    assert len(expected) == 8
    noted: dict[str, tuple[str, str, str, str, list[str]]] = {}
    for row in exposures(tmp_path):
        assert before <= row["occurred_epoch"] <= time.time()
        key = (row["experiment"], row["variant"], row["user_id"], row["run_id"])
        shown = noted.setdefault(row["recommendation_id"], (*key, []))[4]
        if row["product_id"] is None:
            assert row["position"] == 0
        else:
            shown.append(row["product_id"])
            assert row["position"] == len(shown)
    assert noted == expected


def test_unknown_users_are_in_the_experiment_too(shop: TestClient[Litestar]) -> None:
    found = [answer(shop, f"nobody {number} 漢字") for number in range(40)]

    assert {item.get("variant") for item in found} == {*VARIANTS, None}
    assert {item["fallback"] for item in found} == {"popular"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_lists_of_every_variant_follow_events(shop: TestClient[Litestar], variant: str) -> None:
    user = users_by_variant(shop)[variant][0]
    first = answer(shop, user)
    event = {
        "event_id": variant,
        "user_id": user,
        "product_id": ids(first)[0],
        "kind": "purchase",
        "recommendation_id": first["recommendation_id"],
    }
    assert shop.post("/v1/events", json=event).status_code == 201

    deadline = time.monotonic() + 30
    wanted = "events" if variant == "before" else "reranked"
    while (found := answer(shop, user, "k=20"))["follows"] != wanted:
        assert ids(first)[0] not in ids(found)
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert ids(first)[0] not in ids(found)
    assert found["model"] == first["model"]
    assert found["run_id"] == first["run_id"]
    assert found["variant"] == variant
    if variant == "together":
        scores = [item["score"] for item in found["items"]]
        # 1 + 1 / rank: the generator's own, not the ranker's.
        assert scores[0] == 2
        assert scores == sorted(scores, reverse=True)


def test_an_earlier_run_that_is_gone_leaves_its_users_the_published_lists(
    trial: Project, scored_shop: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(trial.published, tmp_path / "published")
    (tmp_path / "published" / f"{scored_shop.current_run}.duckdb").unlink()
    with TestClient(create_app(settings_of(tmp_path / "published", tmp_path))) as client:
        users = users_by_variant(client)
        assert "before" not in users
        user = users[None][0]
        assert answer(client, user)["run_id"] == trial.current_run

    assert exposures(tmp_path) == []
    assert caplog.text.count("get the published lists, and are not counted") == 1


def test_without_an_event_store_no_experiment_is_on(trial: Project, tmp_path: Path) -> None:
    settings = settings_of(trial.published, tmp_path)
    off = type(settings)(published=settings.published, events="off")
    with TestClient(create_app(off)) as client:
        assert set(users_by_variant(client)) == {None}


def test_the_earlier_run_is_kept_while_the_experiment_is_on(
    trial: Project, scored_shop: Project
) -> None:
    assert (trial.published / f"{scored_shop.current_run}.duckdb").exists()
