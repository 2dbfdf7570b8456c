"""Features of a split don't change by what happens after its history ends."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from project import Project
from rankmart.events import Event, EventStore

from .communities import DAY, START, Review, product, reviews, user, write_products, write_reviews

FIT_CUTOFF = START + 700 * DAY  # 2021-12-01
TEST_CUTOFF = START + 800 * DAY  # 2022-03-11
FIT_SPLITS = ("fit", "fit_2", "fit_3", "fit_4")
CUTOFFS = {"fit_cutoff": "2021-12-01", "test_cutoff": "2022-03-11"}


def events(after: int) -> list[Review]:
    """What may come later: old and new users and products, and second thoughts on old ones."""
    moments = iter(range(after + 3_600, after + 90 * DAY, DAY // 8))

    def event(user_id: str, product_id: str, rating: int) -> Review:
        return Review(user_id, product_id, rating, next(moments), f"{user_id}, {product_id}.")

    return [
        *(event(f"new-{number}", product(number, number), 5) for number in range(12)),
        *(event(f"new-{number}", product(number, number + 1), 2) for number in range(12)),
        *(event(user(number, 3), "new-product", 4) for number in range(12)),
        *(event(f"new-{number}", "newer-product", 5) for number in range(6)),
        *(event(user(number, 4), product(number + 1, 2), 5) for number in range(11)),
        *(event(user(number, 5), product(number, 5), 1) for number in range(12)),
        *(event(user(number, 6), product(number, 6), 5) for number in range(12)),
    ]


def looks(after: int | None) -> list[Event]:
    """Looks at products of other communities before the fit cut-off; then, after some moment,
    purchases and bad ratings of what was looked at."""
    looked = [
        Event(
            event_id=f"look-{number}",
            user_id=user(number, 8),
            product_id=product(number + 2, 1),
            kind="view",
            occurred_epoch=FIT_CUTOFF - 2 * DAY + number,
        )
        for number in range(10)
    ]
    if after is None:
        return looked
    return [
        *looked,
        *(
            replace(look, event_id=f"then-{number}", occurred_epoch=after + DAY + number, **then)
            for number, look in enumerate(looked)
            for then in [{"kind": "purchase"} if number % 2 else {"kind": "rating", "rating": 1.0}]
        ),
    ]


def second_thoughts() -> list[Review]:
    """Within the history of `fit`, of products whose third review is among the `events`."""
    return [
        Review(user(number, 6), product(number, 6), 1, FIT_CUTOFF - DAY + number, "No longer.")
        for number in range(12)
    ]


def critics() -> list[Review]:
    """Within every history, those from whom words of bad reviews are learned."""
    return [
        Review(
            f"critic-{number}",
            product(number, number + step),
            1,
            START + 200 * DAY + 60 * number + step,
            f"critic-{number} says of number {step}: it does not.",
        )
        for number in range(12)
        for step in range(2)
    ]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    products = write_products(tmp_path_factory.mktemp("leakage") / "products.csv")

    def features_of(after: int | None, plant_a_leak: bool) -> Project:
        """The features of the log, with fixed cut-offs, and with what came after some moment."""
        scratch = tmp_path_factory.mktemp("features")
        more = [] if after is None else events(after)
        log = write_reviews(
            scratch / "reviews.csv", [*reviews(), *critics(), *second_thoughts(), *more]
        )
        url = f"sqlite:///{scratch / 'events.sqlite'}"
        EventStore(url).append(looks(after))
        project = Project(
            scratch,
            reviews=log,
            products=products,
            protocol="temporal",
            more={"RANKMART_EVENTS": url},
        )
        if plant_a_leak:
            let_every_second_user_see_the_future(project.copy_of_models())
        project.dbt("--select", "+user_product_features", **CUTOFFS).succeeded()
        return project

    return features_of


@pytest.fixture(scope="module")
def built(build) -> dict[str, Project]:  # type: ignore[no-untyped-def]
    """Warehouses by what was appended; two are built at a time, after one that parses."""
    wanted = {
        "nothing": (None, False),
        "after the test cut-off": (TEST_CUTOFF, False),
        "between the cut-offs": (FIT_CUTOFF, False),
        "nothing, leaky": (None, True),
        "after the test cut-off, leaky": (TEST_CUTOFF, True),
    }
    first, *others = wanted
    projects = {first: build(*wanted[first])}
    with ThreadPoolExecutor(max_workers=2) as pool:
        built = pool.map(lambda name: build(*wanted[name]), others)
        return projects | dict(zip(others, built, strict=True))


def let_every_second_user_see_the_future(models: Path) -> None:
    path = models / "intermediate" / "split_interactions.sql"
    sql = path.read_text(encoding="utf-8")
    condition = "when reviewed_epoch <= history_until then 'history'"
    assert sql.count(condition) == 1
    path.write_text(
        sql.replace(
            condition,
            "when reviewed_epoch <= history_until or user_key % 2 = 0 then 'history'",
        ),
        encoding="utf-8",
    )


def differing_rows(one: Project, other: Project, split: str) -> tuple[int, int]:
    """Feature rows that only one of two warehouses has, among the users that both have, and all.

    Rows are told apart by every column but the label, with ids in place of keys.
    """
    with duckdb.connect() as connection:
        for name, project in (("one", one), ("other", other)):
            connection.execute(f"attach '{project.warehouse}' as {name} (read_only)")
            connection.execute(
                f"""
                create temp table features_of_{name} as
                select users.user_id, products.product_id, because_of.product_id as because_of,
                    features.* exclude (label, user_key, product_key, because_of_key)
                from {name}.user_product_features as features
                inner join (select distinct user_key, user_id from {name}.interactions) as users
                    using (user_key)
                inner join (select distinct product_key, product_id from {name}.interactions)
                    as products using (product_key)
                left join (select distinct product_key, product_id from {name}.interactions)
                    as because_of on features.because_of_key = because_of.product_key
                where split = '{split}'
                """
            )
        connection.execute(
            """
            create temp table users as
            select distinct user_id from features_of_one
            semi join features_of_other using (user_id)
            """
        )
        counts = [
            connection.execute(
                f"select count(*) from (from features_of_{left} semi join users using (user_id)"
                f" except all from features_of_{right} semi join users using (user_id))"
            ).fetchall()[0][0]
            for left, right in (("one", "other"), ("other", "one"))
        ]
        [(compared,)] = connection.execute(
            "select count(*) from features_of_one semi join users using (user_id)"
        ).fetchall()
    return sum(counts), compared


@pytest.mark.parametrize("split", [*FIT_SPLITS, "test"])
def test_events_after_the_test_cutoff_change_no_feature(
    built: dict[str, Project], split: str
) -> None:
    differing, compared = differing_rows(built["nothing"], built["after the test cut-off"], split)
    assert differing == 0
    assert compared > 1_000


@pytest.mark.parametrize("split", FIT_SPLITS)
def test_events_between_the_cutoffs_change_no_feature_of_a_label_window(
    built: dict[str, Project], split: str
) -> None:
    differing, compared = differing_rows(built["nothing"], built["between the cut-offs"], split)
    assert differing == 0
    assert compared > 1_000


def test_texts_are_among_what_is_compared(built: dict[str, Project]) -> None:
    for split in ("fit", "test"):
        [(rows, likened, heard)] = built["nothing"].rows(
            "select count(*), count(content_similarity), count(product_sentiment)"
            f" from user_product_features where split = '{split}'"
        )
        assert likened > 0.9 * rows
        assert heard > 0.9 * rows
    texts = "select text from intermediate.product_texts where {}_sees"
    later = "before_or_after.text like '%new-%'"
    for split, seen in (("fit", 0), ("test", 0), ("serve", 12)):
        count = built["after the test cut-off"].value(
            f"select count(*) from ({texts.format(split)}) as before_or_after where {later}"
        )
        assert count >= seen
        assert bool(count) == bool(seen)


def test_looks_are_in_every_history_whatever_came_of_them(built: dict[str, Project]) -> None:
    for project in (built["nothing"], built["between the cut-offs"]):
        assert project.value(
            "select count(*) from intermediate.split_interactions"
            " where split = 'fit' and role = 'history' and kind = 'view'"
        ) == len(looks(None))
    bought = "select count(*) from intermediate.labels where split = 'fit' and kind = 'purchase'"
    assert built["between the cut-offs"].value(bought.replace("labels", "split_interactions")) == 5


def test_events_between_the_cutoffs_are_seen_by_test(built: dict[str, Project]) -> None:
    differing, _ = differing_rows(built["nothing"], built["between the cut-offs"], "test")
    assert differing > 100


@pytest.mark.parametrize("split", ["fit", "test"])
def test_the_comparison_finds_a_planted_leak(built: dict[str, Project], split: str) -> None:
    differing, compared = differing_rows(
        built["nothing, leaky"], built["after the test cut-off, leaky"], split
    )
    assert differing > 100
    assert compared > 1_000


def test_labels_come_after_the_history(built: dict[str, Project]) -> None:
    for project in (built["nothing"], built["after the test cut-off"]):
        rows = project.rows(
            "select split, role, min(reviewed_epoch), max(reviewed_epoch)"
            " from intermediate.split_interactions group by all"
        )
        span = {(split, role): (first, last) for split, role, first, last in rows}
        assert span["fit", "history"][1] <= FIT_CUTOFF < span["fit", "label"][0]
        for window, later in zip(FIT_SPLITS[1:], FIT_SPLITS, strict=False):
            assert span[window, "history"][1] < span[window, "label"][0]
            assert span[window, "label"][1] <= span[later, "history"][1]
        assert span["fit", "label"][1] <= TEST_CUTOFF < span["test", "label"][0]
        assert span["test", "history"][1] <= TEST_CUTOFF
        assert ("serve", "label") not in span
