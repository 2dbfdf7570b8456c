"""A run that is worse than the published one is refused, kept with the reason, and not served."""

from pathlib import Path

import pytest
from litestar.testing import TestClient

from project import Finished, Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

# Everyone now wants what comes after what they wanted.
SPOIL_LABELS = """
update intermediate.labels set product_key = product_key %
    (select max(product_key) from interactions) + 1
where split = 'test'
"""
RUNS = "select run_id, verdict, verdict_reason, is_current from ranker.runs order by created_at"


@pytest.fixture(scope="module")
def spoilt(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = scored_shop.copied_to(tmp_path_factory.mktemp("spoilt"))
    project.change(SPOIL_LABELS)
    return project


@pytest.fixture(scope="module")
def refusal(spoilt: Project) -> Finished:
    return spoilt.rankmart("score")


def first_product_served(project: Project) -> tuple[str, str]:
    user_id = project.value("select min(user_id) from users")
    with TestClient(create_app(Settings(published=project.published))) as client:
        answer = client.get(f"/v1/users/{user_id}/recommendations").json()
    return answer["run_id"], answer["items"][0]["product_id"]


def test_the_refusal_says_why_and_how_to_publish_all_the_same(
    refusal: Finished, scored_shop: Project
) -> None:
    message = refusal.failed_plainly(exit_code=3)
    assert "worse than the current run" in message
    assert "rankmart score --accept" in message


def test_the_refused_run_is_kept_with_its_reason(
    spoilt: Project, refusal: Finished, scored_shop: Project
) -> None:
    assert refusal.exit_code == 3
    [published, refused] = spoilt.rows(RUNS)
    assert published[0] == scored_shop.current_run
    assert (published[1], published[3]) == ("published", True)
    assert (refused[1], refused[3]) == ("refused", False)
    assert "worse than the current run" in refused[2]
    assert spoilt.rows("select distinct run_id from ranker.refused_recommendations") == [
        (refused[0],)
    ]


def test_values_of_users_are_kept_of_the_published_and_the_refused_run(
    spoilt: Project, refusal: Finished, scored_shop: Project, tmp_path: Path
) -> None:
    assert refusal.exit_code == 3
    runs = "select run_id from ranker.user_evaluation group by run_id order by run_id"
    [refused] = spoilt.rows("select run_id from ranker.runs where verdict = 'refused'")
    assert spoilt.rows(runs) == sorted([(scored_shop.current_run,), refused])
    values = "from ranker.user_evaluation where run_id = ? order by model, user_id"
    published = [scored_shop.current_run]
    assert spoilt.rows(values, published) == scored_shop.rows(values, published) != []

    again = spoilt.copied_to(tmp_path)
    again.change(SPOIL_LABELS)
    again.rankmart("score").failed_plainly(exit_code=3)
    [(last,)] = again.rows(
        "select run_id from ranker.runs where verdict = 'refused' order by created_at desc limit 1"
    )
    assert last != refused[0]
    assert again.rows(runs) == sorted([(scored_shop.current_run,), (last,)])


def test_the_old_run_stays_published(
    spoilt: Project, refusal: Finished, scored_shop: Project
) -> None:
    assert refusal.exit_code == 3
    lists = "select * from ranker.recommendations order by user_id, rank"
    assert spoilt.rows(lists) == scored_shop.rows(lists)
    assert spoilt.current_run == scored_shop.current_run
    assert not spoilt.export.exists()
    assert first_product_served(spoilt) == first_product_served(scored_shop)


def test_a_run_accepted_by_hand_is_published(
    scored_shop: Project, refusal: Finished, spoilt: Project, tmp_path: Path
) -> None:
    assert refusal.exit_code == 3
    project = spoilt.copied_to(tmp_path)
    accepted = project.rankmart("score", "--accept").succeeded()
    assert "accepted by hand" in accepted.in_words()
    [(old, *_), (new, verdict, reason, is_current)] = project.rows(RUNS)
    assert old == scored_shop.current_run != new
    assert (verdict, is_current) == ("published", True)
    assert reason.startswith("accepted by hand, though")
    assert project.current_run == new
    assert project.rows("select distinct run_id from ranker.recommendations") == [(new,)]
    # It is the run that was refused, too.
    assert project.rows("select distinct run_id from ranker.user_evaluation") == [(new,)]
    assert first_product_served(project)[0] == new


SHUFFLE_LABELS = """
update user_product_features
set label = shuffled.label
from (
    select here.split, here.user_key, here.product_key, there.label
    from (
        select
            split,
            user_key,
            product_key,
            row_number() over (partition by split, user_key order by product_key) as place
        from user_product_features
        where starts_with(split, 'fit')
    ) as here
    inner join (
        select
            split,
            user_key,
            label,
            row_number() over (partition by split, user_key order by hash(product_key)) as place
        from user_product_features
        where starts_with(split, 'fit')
    ) as there
        on here.split = there.split
        and here.user_key = there.user_key
        and here.place = there.place
) as shuffled
where user_product_features.split = shuffled.split
    and user_product_features.user_key = shuffled.user_key
    and user_product_features.product_key = shuffled.product_key
"""


def test_a_ranker_that_learned_from_shuffled_labels_is_not_published(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = scored_shop.copied_to(tmp_path)
    positives = "select sum(label) from user_product_features where starts_with(split, 'fit')"
    before = project.value(positives)
    project.change(SHUFFLE_LABELS)
    assert project.value(positives) == before
    message = project.rankmart("score").failed_plainly(exit_code=3)
    assert "by more than chance, so labels or features may be wrong" in message
    assert project.current_run == scored_shop.current_run
    model, verdict, reason = project.rows(
        "select model, verdict, verdict_reason from ranker.runs where not is_current"
    )[0]
    assert (model != "ranker", verdict) == (True, "refused")
    assert f"this one's ranker is below {model} by more than chance" in reason
